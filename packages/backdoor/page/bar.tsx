// The bar: which process this is, whether the line is up, and what concerns the whole page.
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Connection, Line } from './connection.ts'
import { duration } from './format.ts'
import type { Model } from './model.ts'
import type { Theme } from './theme.ts'

export interface BarProps {
  readonly model: Model
  readonly connection: Connection
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
  readonly onRecord: (forMs: number) => Promise<void>
}

const LINES: Record<Line, string> = {
  connecting: 'connecting',
  live: 'live',
  paused: 'paused',
  lost: 'no connection',
}

export function Bar({ model, connection, theme, onTheme, onRecord }: BarProps): JSX.Element {
  const [recording, setRecording] = useState(false)
  const { hello } = model
  const { line, periodMs } = connection
  const press = async () => {
    setRecording(true)
    await onRecord(3000)
    setRecording(false)
  }
  return (
    <header>
      <h1>
        <img src="/icon.svg" alt="" width="18" height="18" /> greenhouse
      </h1>
      {hello === null ? null : (
        <p class="process">
          <b>{hello.title.split(/[\\/]/).at(-1)}</b>
          <span
            class="dim"
            title={hello.title}
          >{` pid ${hello.pid}, Node ${hello.node.slice(1)}`}</span>
        </p>
      )}
      <p class={`line is-${line}`} title={`The last look took the process ${model.tookMs} ms`}>
        <i class="dot" aria-hidden="true" />
        <span role="status">{LINES[line]}</span>
        <span class="dim">
          {line === 'live' && periodMs > 0 ? ` every ${duration(periodMs)}` : ''}
        </span>
      </p>
      <div class="buttons">
        <button
          onClick={() => (line === 'paused' ? connection.open() : connection.pause())}
          title="Stop and go on looking"
        >
          {line === 'paused' ? 'Resume' : 'Pause'}
        </button>
        {hello?.allowed.includes('record') ? (
          <button
            disabled={recording}
            onClick={() => void press()}
            title="Every run and wait of the next three seconds"
          >
            {recording ? 'Recording…' : 'Record 3 s'}
          </button>
        ) : null}
        <label>
          <span class="visually-hidden">Colours</span>
          <select value={theme} onChange={(event) => onTheme(event.currentTarget.value as Theme)}>
            <option value="auto">Auto</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        {hello?.login === true ? (
          <form method="post" action="/logout">
            <button>Log out</button>
          </form>
        ) : null}
      </div>
    </header>
  )
}
