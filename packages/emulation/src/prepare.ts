// What green code needs before it can run.
import { installEmitter } from './rt/emitter.ts'
import { installPrimitives } from './rt/install.ts'
import { installRuntime, runtime } from './rt/index.ts'
import { installStacks } from './stacks/install.ts'

let prepared = false

/** Makes the process ready for green code, once. */
export function prepare(): void {
  if (prepared) return
  prepared = true
  installRuntime()
  installPrimitives()
  installEmitter()
  installStacks()
  // Compiled scripts find the runtime under this name.
  Object.defineProperty(globalThis, '$_G', { value: runtime, configurable: true, writable: true })
  process.setSourceMapsEnabled(true)
}
