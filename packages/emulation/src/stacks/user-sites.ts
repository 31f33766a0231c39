// The stack of an error without greenhouse's own frames, with places as in the sources, and with those frames of the greenlet
// that were not on the stack of JavaScript, since they waited.
import { CALLERS, currentCallers, notedCallers } from '../rt/callers.ts'
import { state } from '../rt/convention.ts'
import { hiddenAbove } from '../rt/natives-error.ts'
import { shownFrames } from '../rt/stack-limit.ts'
import { noteOrigin } from './origins.ts'
import { isRuntime } from './runtime-files.ts'
import { scriptOf, scriptOfFile, type SourcePlace } from './scripts.ts'
import { UserSite } from './user-site.ts'
import { writtenPlace, writtenPlaceIn } from './written-maps.ts'

type CallSite = NodeJS.CallSite

/** What a program that was not compiled would find in a stack. */
export function userSites(error: object, sites: readonly CallSite[]): CallSite[] {
  // The stack of a call that waits: its frames are not on that of JavaScript.
  let isSpliced = CALLERS in error
  const found: CallSite[] = isSpliced ? waiting(error, undefined) : []
  if (found.length > 0) noteOriginOf(error, (found[0] as UserSite).place)
  for (const site of sites) {
    const name = site.getFileName()
    if (typeof name !== 'string') {
      found.push(site)
      continue
    }
    if (isRuntime(name)) {
      dropBuiltins(found)
      if (!isSpliced && resumes(site, site === sites.at(-1))) {
        isSpliced = true
        found.push(...waiting(error, found.at(-1)))
      }
      continue
    }
    const script = scriptOf(name)
    const [line, column] = [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0]
    if (script === undefined) {
      const here = { name, line, column }
      const shown = writtenPlace(here)
      found.push(shown === here ? site : new UserSite(null, shown, site))
    } else {
      const place = script.original(line, column)
      if (place === null) continue
      if (found.length === 0) noteOrigin(error, { script: name, line, column })
      found.push(siteAt(place, site))
    }
  }
  return below(hiddenAbove(error), found).slice(0, shownFrames())
}

/** Whether the callers of a resumed frame are missing behind a frame of the runtime; the last may be cut off before that. */
function resumes(site: CallSite, isLast: boolean): boolean {
  const name = site.getFunctionName()
  return name === 'resumeFrames' || (isLast && name === 'resume')
}

/** What is behind the first frame of a function; where that has none, behind the constructors at the top. */
function below(name: string | undefined, sites: CallSite[]): CallSite[] {
  if (name === undefined) return sites
  const at = sites.findIndex((site) => site.getFunctionName() === name)
  if (at >= 0) return sites.slice(at + 1)
  const first = sites.findIndex((site) => !site.isConstructor())
  return first < 0 ? [] : sites.slice(first)
}

/** The builtins by which the runtime resumes code. */
function dropBuiltins(found: CallSite[]): void {
  while (found.length > 0 && isResuming(found.at(-1)!)) found.pop()
}

function isResuming(site: CallSite): boolean {
  const file = site.getFileName()
  if (typeof file === 'string') return file === 'node:async_hooks'
  return /^(?:Generator\.)?(?:next|throw|return)$/.test(site.getFunctionName() ?? '')
}

/** Notes that an error was made where a call waits. */
function noteOriginOf(error: object, place: SourcePlace | null): void {
  if (place !== null) noteOrigin(error, () => place.script.compiled(place.line, place.column))
}

function siteAt(place: SourcePlace, site: CallSite | null, waits = false): UserSite {
  const { script, line, column } = place
  const shown = writtenPlaceIn(script.source, { name: script.name, line, column })
  return new UserSite(place, shown, site, waits)
}

/** The frames that waited for the one whose innermost function is `last`. */
function waiting(error: object, last: CallSite | undefined): CallSite[] {
  const places = notedCallers(error) ?? (runsNow(last) ? currentCallers() : [])
  return places.flatMap(([file, line, column, isAsync = false]) => {
    const script = scriptOfFile(file)
    return script === undefined ? [] : [siteAt({ script, line, column }, null, isAsync)]
  })
}

/**
 * Whether the frame that runs now is that at the bottom of a stack: an error that was made in another one, and of which nothing
 * was noted, has not been thrown; its callers are not known any more.
 */
function runsNow(last: CallSite | undefined): boolean {
  const place = state.resumed?.place() ?? null
  if (place === null || !(last instanceof UserSite) || last.place === null) return true
  const [file, line, column] = place
  const { script } = last.place
  return scriptOfFile(file) === script && script.nameOf(line, column) === last.named
}
