// Stacks of errors in a process that runs green code. Node asks `Error.prepareStackTrace` for the text of a stack; what a
// program sets there is asked in its turn, with the frames of the program only.
import { raiseStackLimit } from '../rt/stack-limit.ts'
import { userSites } from './user-sites.ts'
import { noteAsked } from './written-maps.ts'

type CallSite = NodeJS.CallSite
type Prepare = (error: Error, sites: CallSite[]) => unknown

/** The function that Node itself has there. */
const NATIVE = 'ErrorPrepareStackTrace'

const wrapped = new WeakMap<Prepare, Prepare>()
const unwrapped = new WeakMap<Prepare, Prepare>()
let installed = false

/** Shows stacks as those of programs that were not compiled, for the whole process. */
export function installStacks(): void {
  if (installed || process.env['GREENHOUSE_STACKS'] === 'full') return
  installed = true
  raiseStackLimit()
  noteAsked()
  let current: unknown = Reflect.get(Error, 'prepareStackTrace')
  const native = isNative(current) ? current : undefined
  const usual = usualOf(native)
  if (native !== undefined) {
    wrapped.set(native, usual)
    unwrapped.set(usual, native)
  }
  Object.defineProperty(Error, 'prepareStackTrace', {
    configurable: true,
    enumerable: false,
    get: () => (typeof current === 'function' ? wrap(current as Prepare) : usual),
    set: (value: unknown) => {
      current = typeof value === 'function' ? (unwrapped.get(value as Prepare) ?? value) : value
    },
  })
}

/** What Node does, with other frames. */
function usualOf(native: Prepare | undefined): Prepare {
  return (error, sites) => {
    // For no frames it gives the message as the first line has it.
    const header = String(native === undefined ? error : native(error, []))
    return [header, ...userSites(error, sites).map(String)].join('\n    at ')
  }
}

function wrap(prepare: Prepare): Prepare {
  let made = wrapped.get(prepare)
  if (made === undefined) {
    made = function (this: unknown, error, sites) {
      return Reflect.apply(prepare, this, [error, userSites(error, sites)])
    }
    wrapped.set(prepare, made)
    unwrapped.set(made, prepare)
  }
  return made
}

function isNative(prepare: unknown): prepare is Prepare {
  return typeof prepare === 'function' && prepare.name === NATIVE
}
