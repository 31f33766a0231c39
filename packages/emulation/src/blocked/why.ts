// Why a call blocked, read off the stack at that moment: somewhere between it and where its greenlet was entered stands a call
// that does not go through the runtime. It is the reason; where there are several, the innermost.
import { context } from './context.ts'
import { isRuntime } from '../stacks/runtime-files.ts'
import { rawSites } from '../stacks/raw-sites.ts'
import { scriptOf, whyPlain, type SourcePlace } from '../stacks/scripts.ts'
import { byBuiltin, byLanguage, byNode, byStep, type Cause } from './causes.ts'

type CallSite = NodeJS.CallSite

/** Why a call blocked, and where in the program it stands. */
export interface Why extends Cause {
  readonly site: string
}

/** A frame, as the search for a reason sees it. */
type Seen =
  | { readonly kind: 'builtin' | 'node' | 'text'; readonly site: CallSite }
  /** Of the runtime: by its function's name. */
  | { readonly kind: 'runtime'; readonly name: string }
  /** What stands for a function where it is called from code that is not green. */
  | { readonly kind: 'face'; readonly name: string; readonly isConstructor: boolean }
  | { readonly kind: 'compiled'; readonly place: SourcePlace; readonly name: string | null }
  | { readonly kind: 'other'; readonly site: CallSite; readonly file: string }

type Face = Extract<Seen, { kind: 'face' }>

/** Where a greenlet is entered. */
const ENTRIES = new Set(['runGreen', 'resumeFrames'])
/** What V8 calls the function that makes the fields of an object. */
const FIELDS = '<instance_members_initializer>'
const UNKNOWN: Cause = { category: 'unknown', reason: 'a caller that cannot be suspended' }

/** Why the call blocks that the caller of this makes; null where it is Node's own. */
export function whyBlocked(): Why | null {
  const key = keyOf(rawSites(NEAR), context.event)
  let why = known.get(key)
  if (why === undefined) {
    if (known.size >= MOST) known.clear()
    known.set(key, (why = findWhy()))
  }
  return why
}

/** A call that blocks may do so a million times: what was found for the same frames is found again. */
const known = new Map<string, Why | null>()
const MOST = 1000
/** How many frames tell one way to a call from another. */
const NEAR = 16
/** How many are looked at. */
const DEEP = 200

function keyOf(sites: readonly CallSite[], event: string | null): string {
  let key = event ?? ''
  for (const site of sites) key += `${site.getScriptNameOrSourceURL()}:${site.getPosition()}|`
  return key
}

function findWhy(): Why | null {
  const frames = rawSites(DEEP).map(seen)
  const first = frames.find(({ kind }) => kind !== 'runtime' && kind !== 'builtin')
  const user = frames.findIndex(({ kind }) => kind === 'compiled' || kind === 'other')
  // What Node does for itself, or greenhouse, to load a module for example: nobody can make it wait.
  if (first?.kind === 'node') return null
  const site = user < 0 ? 'unknown' : placeOf(frames[user]!)
  return { ...causeOf(frames), site }
}

function causeOf(frames: readonly Seen[]): Cause {
  let second: Cause | null = null
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i]!
    if (frame.kind === 'runtime' && ENTRIES.has(frame.name)) break
    const cause = causeAt(frame, frames[i - 1], frames[i + 1])
    if (cause === null) continue
    // A callback that could be suspended, if what calls the builtin were green.
    if (cause.isMild !== true) return cause
    second ??= cause
  }
  return second ?? UNKNOWN
}

function causeAt(frame: Seen, before: Seen | undefined, next: Seen | undefined): Cause | null {
  switch (frame.kind) {
    case 'compiled':
      return plainCause(frame.place, frame.name)
    case 'other':
      return {
        category: 'not compiled',
        reason: `${frame.file} is not compiled: ${whyPlain(frame.file)}`,
      }
    case 'face':
      return next === undefined ? null : faceCause(frame, next)
    case 'runtime':
      // A generator that is stepped by what is not green.
      return before?.kind === 'runtime' && before.name === 'runBlocking' ? byStep(frame.name) : null
    default:
      return null
  }
}

/** What is called from code that is not green: by whom. */
function faceCause({ name, isConstructor }: Face, caller: Seen): Cause | null {
  if (isConstructor && caller.kind !== 'other') {
    return { category: 'constructor', reason: `the constructor of ${name || 'a class'}` }
  }
  switch (caller.kind) {
    case 'builtin':
      return byBuiltin(caller.site, name)
    case 'node':
      return byNode(caller.site)
    case 'text':
      return { category: 'function', reason: 'code that is made of text' }
    case 'compiled':
      return plainCause(caller.place, caller.name) ?? byLanguage(name)
    default:
      return null
  }
}

/** Why a function of a compiled file is not green; null when it is. */
function plainCause({ script, line, column }: SourcePlace, name: string | null): Cause | null {
  if (name === FIELDS) return { category: 'constructor', reason: 'a field of a class' }
  const around = script.nameOf(line, column)
  if (around === null) return { category: 'top level', reason: 'the top level of a module' }
  const why = script.untwinned.find(
    (one) => one.line === around.line && one.column === around.column,
  )
  if (why === undefined) return null
  const category = why.reason === 'getter or setter' ? 'accessor' : 'function'
  return { category, reason: `${around.name || 'a function'}: ${why.reason}` }
}

function seen(site: CallSite): Seen {
  const file = site.getFileName()
  if (typeof file !== 'string') return { kind: site.isEval() ? 'text' : 'builtin', site }
  if (file.startsWith('node:')) return { kind: 'node', site }
  if (isRuntime(file)) return { kind: 'runtime', name: site.getFunctionName() ?? '' }
  const script = scriptOf(file)
  if (script === undefined) return { kind: 'other', site, file }
  const place = script.original(site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0)
  if (place === null)
    return { kind: 'face', name: site.getFunctionName() ?? '', isConstructor: site.isConstructor() }
  return { kind: 'compiled', place, name: site.getFunctionName() }
}

function placeOf(frame: Seen): string {
  if (frame.kind === 'compiled') {
    const { script, line, column } = frame.place
    return `${script.name}:${line}:${column}`
  }
  if (frame.kind !== 'other') return 'unknown'
  return `${frame.file}:${frame.site.getLineNumber()}:${frame.site.getColumnNumber()}`
}
