// The stack of an error without greenhouse's own frames, with places as in the sources, and with those frames of the greenlet
// that were not on the stack of JavaScript, since they waited.
import { callersOf } from '../rt/callers.ts'
import { shownFrames } from '../rt/stack-limit.ts'
import { isRuntime } from './runtime-files.ts'
import { scriptOf, scriptOfFile } from './scripts.ts'
import { UserSite } from './user-site.ts'

type CallSite = NodeJS.CallSite

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
        found.push(...waiting(error))
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
  return found.slice(0, shownFrames())
}

/** The builtins that the runtime has called: `Generator.next`. */
function dropBuiltins(found: CallSite[]): void {
  while (found.length > 0 && typeof found.at(-1)!.getFileName() !== 'string') found.pop()
}

function waiting(error: object): CallSite[] {
  return callersOf(error).flatMap(([file, line, column]) => {
    const script = scriptOfFile(file)
    return script === undefined ? [] : [new UserSite({ script, line, column }, null)]
  })
}
