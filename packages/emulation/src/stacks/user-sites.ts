// The stack of an error without greenhouse's own frames, with places as in the sources, and with those frames of the greenlet
// that were not on the stack of JavaScript, since they waited.
import { currentCallers, notedCallers } from '../rt/callers.ts'
import { state } from '../rt/convention.ts'
import { hiddenAbove } from '../rt/natives-error.ts'
import { shownFrames } from '../rt/stack-limit.ts'
import { isRuntime } from './runtime-files.ts'
import { scriptOf, scriptOfFile } from './scripts.ts'
import { UserSite } from './user-site.ts'

type CallSite = NodeJS.CallSite

/**
 * Whether the frame that runs now is that at the bottom of a stack: an error that was made in another one, and of which nothing
 * was noted, has not been thrown; its callers are not known any more.
 */
function runsNow(last: CallSite | undefined): boolean {
  const place = state.resumed?.place() ?? null
  if (place === null || !(last instanceof UserSite)) return true
  const [file, line, column] = place
  const { script } = last.place
  return scriptOfFile(file) === script && script.nameOf(line, column) === last.named
}

/** The function behind whose frame the callers of a resumed one are missing. */
const RESUME = 'resumeFrames'

/** What a program that was not compiled would find in a stack. */
export function userSites(error: object, sites: readonly CallSite[]): CallSite[] {
  const found: CallSite[] = []
  let isSpliced = false
  for (const site of sites) {
    const name = site.getFileName()
    if (typeof name !== 'string') {
      found.push(site)
      continue
    }
    if (isRuntime(name)) {
      dropBuiltins(found)
      if (!isSpliced && site.getFunctionName() === RESUME) {
        isSpliced = true
        found.push(...waiting(error, found.at(-1)))
      }
      continue
    }
    const script = scriptOf(name)
    if (script === undefined) found.push(site)
    else {
      const place = script.original(site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0)
      if (place !== null) found.push(new UserSite(place, site))
    }
  }
  return below(hiddenAbove(error), found).slice(0, shownFrames())
}

/** What is behind the first frame of a function; where that has none, behind the constructors at the top. */
function below(name: string | undefined, sites: CallSite[]): CallSite[] {
  if (name === undefined) return sites
  const at = sites.findIndex((site) => site.getFunctionName() === name)
  if (at >= 0) return sites.slice(at + 1)
  const first = sites.findIndex((site) => !site.isConstructor())
  return first < 0 ? [] : sites.slice(first)
}

/** The builtins that the runtime has called: `Generator.next`, `runInAsyncScope`. */
function dropBuiltins(found: CallSite[]): void {
  while (found.length > 0 && isBuiltin(found.at(-1)!.getFileName())) found.pop()
}

function isBuiltin(file: string | null): boolean {
  return typeof file !== 'string' || file === 'node:async_hooks'
}

/** The frames that waited for the one whose innermost function is `last`. */
function waiting(error: object, last: CallSite | undefined): CallSite[] {
  const places = notedCallers(error) ?? (runsNow(last) ? currentCallers() : [])
  return places.flatMap(([file, line, column, isAsync = false]) => {
    const script = scriptOfFile(file)
    return script === undefined ? [] : [new UserSite({ script, line, column }, null, isAsync)]
  })
}
