// What green code needs before it can run.
import { installEmitter } from './rt/emitter.ts'
import { installPrimitives } from './rt/install.ts'
import { installRuntime, runtime } from './rt/index.ts'
import { BODY, runBody } from './rt/loading.ts'
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
  // Compiled scripts find these under their names.
  for (const [name, value] of Object.entries({ $_G: runtime, [BODY]: runBody })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  process.setSourceMapsEnabled(true)
}
