// Where output and stray errors go: code that a session runs, also after a wait, in its timers and in the greenlets that it
// starts, is told by its async context. What the process writes by itself goes where it always did.
//
// `write` of stdout and stderr and `emit` of process are replaced when the first session begins and put back when the last one
// has ended. Putting them back leaves alone what somebody else has put over them meanwhile: then they only pass on.
import { AsyncLocalStorage } from 'node:async_hooks'

/** What a session offers to the code that it runs. */
export interface Outlet {
  /** False once nobody is there to read: then output goes to the process again, and errors are its business. */
  readonly open: boolean
  write(chunk: string | Uint8Array, encoding?: BufferEncoding): void
  /** An error that nobody caught, in code of the session. */
  stray(error: unknown): void
}

interface Patch {
  readonly target: object
  readonly method: string
  readonly replacement: unknown
  /** What stood there as a property of its own. */
  readonly before: PropertyDescriptor | undefined
}

let storage: AsyncLocalStorage<Outlet> | null = null
let patches: Patch[] = []
/** Replacements that somebody has wrapped, which cannot be taken out. */
const buried = new WeakSet<object>()
let users = 0

/** Routes output from now on, until the function that is returned is called. */
export function startRouting(): () => void {
  storage ??= new AsyncLocalStorage()
  if (users++ === 0) {
    patchWrite(process.stdout)
    patchWrite(process.stderr)
    patchEmit()
  }
  let stopped = false
  return () => {
    if (stopped) return
    stopped = true
    if (--users > 0) return
    for (const patch of patches) restore(patch)
    patches = []
    storage?.disable()
  }
}

/** Runs a function, and all that comes of it, as code of an outlet. */
export function runRouted<R>(outlet: Outlet, fn: () => R): R {
  return storage!.run(outlet, fn)
}

/** The outlet of the code that runs, while somebody is there. */
function currentOutlet(): Outlet | null {
  const outlet = users === 0 ? undefined : storage?.getStore()
  return outlet !== undefined && outlet.open ? outlet : null
}

type Write = NodeJS.WriteStream['write']
type Done = (error?: Error | null) => void

function patchWrite(stream: NodeJS.WriteStream): void {
  if (buried.has(stream)) return
  // oxlint-disable-next-line typescript/unbound-method -- called with its stream
  const original = stream.write
  const write = function (
    this: NodeJS.WriteStream,
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | Done,
    done?: Done,
  ): boolean {
    const outlet = currentOutlet()
    if (outlet === null) {
      return (original as (...args: unknown[]) => boolean).call(this, chunk, encoding, done)
    }
    const callback = typeof encoding === 'function' ? encoding : done
    outlet.write(chunk, typeof encoding === 'string' ? encoding : undefined)
    if (callback !== undefined) process.nextTick(callback)
    return true
  } as Write
  replace(stream, 'write', write)
}

function patchEmit(): void {
  if (buried.has(process)) return
  // oxlint-disable-next-line typescript/unbound-method -- called with its process
  const original = process.emit as (...args: unknown[]) => boolean
  replace(process, 'emit', function emit(this: NodeJS.Process, ...args: unknown[]): boolean {
    const [event, error] = args
    if (event === 'unhandledRejection' || event === 'uncaughtException') {
      const outlet = currentOutlet()
      if (outlet !== null) {
        outlet.stray(error)
        return true
      }
    }
    return original.apply(this, args)
  })
}

function replace(target: object, method: string, replacement: unknown): void {
  const before = Object.getOwnPropertyDescriptor(target, method)
  Object.defineProperty(target, method, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  })
  patches.push({ target, method, replacement, before })
}

function restore({ target, method, replacement, before }: Patch): void {
  if ((target as Record<string, unknown>)[method] !== replacement) buried.add(target)
  else if (before === undefined) delete (target as Record<string, unknown>)[method]
  else Object.defineProperty(target, method, before)
}
