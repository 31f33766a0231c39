// Begins the page.
import { render } from 'preact'
import './app.css'
import { App } from './app.tsx'
import { Connection } from './connection.ts'
import { Model } from './model.ts'

const listeners = new Set<() => void>()
let due = false

/** At most once a picture, however many frames come. */
function changed(): void {
  if (due) return
  due = true
  requestAnimationFrame(() => {
    due = false
    for (const listener of listeners) listener()
  })
}

const model = new Model()
const connection = new Connection(model, changed)
const listen = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

render(
  <App model={model} connection={connection} listen={listen} />,
  document.getElementById('app')!,
)
connection.open()
