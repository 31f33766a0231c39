// fs/promises: every call that returns a promise, and each wait of its iterators. Reading and writing whole files stops at
// the next piece; anything else that has begun runs on in the thread pool, and what it opened or made is taken back.
import type { Dir } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ignore } from '../abort-error.ts'
import { followCall, refused, type GiveBack } from '../call-work.ts'
import { ownNext } from '../own-iterator.ts'
import type { Replacement } from '../originals.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { signalled, SignalWork, takesSignal } from '../signal-work.ts'
import type { Callable, Owned } from '../wrapper.ts'

/** Where the options with a signal stand. */
const SIGNALLED: Readonly<Record<string, number>> = { readFile: 1, writeFile: 2, appendFile: 2 }
const ITERATED: readonly string[] = ['watch', 'glob']
const GIVEN_BACK: Readonly<Record<string, GiveBack<never>>> = {
  open: (handle: FileHandle) => void handle.close().catch(ignore),
  opendir: (dir: Dir) => void dir.close().catch(ignore),
  mkdtemp: (path: string) => process.getBuiltinModule('fs').rmdir(path, ignore),
  mkdtempDisposable: (made: { remove(): Promise<void> }) => void made.remove().catch(ignore),
}

/** @internal */
export const fsPromisesPatch: PatchDefinition = {
  name: 'fs/promises',
  replacements: () => {
    const target = process.getBuiltinModule('fs/promises') as unknown as Record<string, unknown>
    return Object.keys(target)
      .filter((key) => typeof target[key] === 'function')
      .map((key): Replacement => ({ target, key, owned: ownedBy(key) }))
  },
}

function ownedBy(key: string): Owned {
  const kind = `fs.${key}`
  if (ITERATED.includes(key)) {
    return (original, self, args) => iterate(kind, original, self, args)
  }
  const at = SIGNALLED[key]
  if (at !== undefined) return (original, self, args) => whole(kind, at, original, self, args)
  const giveBack = GIVEN_BACK[key]
  return (original, self, args) =>
    followCall(kind, () => Reflect.apply(original, self, args) as Promise<never>, giveBack)
}

/** A call on a whole file. */
function whole(
  kind: string,
  at: number,
  original: Callable,
  self: unknown,
  args: unknown[],
): unknown {
  const options = optionsOf(args[at])
  if (!takesSignal(options)) {
    return followCall(kind, () => Reflect.apply(original, self, args) as Promise<unknown>)
  }
  const work = new SignalWork(kind, options?.signal)
  const given = [...args]
  while (given.length < at) given.push(undefined)
  given[at] = signalled(options, work)
  return refused() ?? work.follow(Reflect.apply(original, self, given) as Promise<unknown>)
}

/** The options of a call of fs; an encoding stands for them. */
export function optionsOf(given: unknown): unknown {
  if (given === null) return undefined
  return typeof given === 'string' ? { encoding: given } : given
}

function iterate(kind: string, original: Callable, self: unknown, args: unknown[]): unknown {
  const [subject, options] = args
  if (!takesSignal(options)) return Reflect.apply(original, self, args)
  const work = new SignalWork(kind, options?.signal)
  return ownNext(Reflect.apply(original, self, [subject, signalled(options, work)]) as object, work)
}
