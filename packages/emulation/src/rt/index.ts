// The runtime that compiled modules get: a script as `$_G`, a module through `globalThis`. The short names are what compiled
// text calls (see compile/runtime-url.ts).
import { RUNTIME } from '../compile/runtime-url.ts'
import { attach, attachMethod, bind, make, makeNamed, setName, toKey } from './attach.ts'
import { awaited } from './async-run.ts'
import { call } from './call.ts'
import { caught } from './callers.ts'
import {
  classTwin,
  construct,
  derivedResult,
  FIELDS,
  GIVE,
  initialised,
  once,
  superConstruct,
  USUAL,
} from './construct.ts'
import { GREEN, SUSPEND } from './convention.ts'
import { installFunctionConstructor, makeFunction } from './dynamic.ts'
import { face } from './face.ts'
import { delegateAsync } from './delegate-async.ts'
import { delegate } from './generators.ts'
import { iterateAsync } from './iterate-async.ts'
import { iterate, spread } from './iterate.ts'
import { installNatives } from './natives.ts'
import { alive, capture, captureAgain, DEAD, JUMP, keysOf, newResult, oddCallee } from './plain.ts'
import { takeSteps } from './step-through.ts'
import { takeNewTarget } from './start.ts'
import { yielded } from './stepping.ts'
import { quasi, superGet, superSet } from './words.ts'

export { blockedPlaces, forgetBlocked } from '../blocked/account.ts'
export { attachTwin, GREEN, twinOf, type Callable } from './convention.ts'
export { bodyOf, callGreen, runSync } from './driver.ts'
export { suspend } from './suspend.ts'
export type { Op } from './op.ts'

export const runtime: Readonly<Record<string, unknown>> = {
  S: SUSPEND,
  c: call,
  n: construct,
  q: quasi,
  sp: spread,
  sg: superGet,
  ss: superSet,
  sc: superConstruct,
  once,
  th: initialised,
  rt: derivedResult,
  it: iterate,
  ai: iterateAsync,
  dt: takeSteps,
  w: awaited,
  y: yielded,
  yd: delegate,
  yda: delegateAsync,
  B: face,
  tw: attach,
  tm: attachMethod,
  ct: classTwin,
  mk: make,
  mkn: makeNamed,
  nm: setName,
  ky: toKey,
  bd: bind,
  M: GIVE,
  F: FIELDS,
  U: USUAL,
  tnt: takeNewTarget,
  GR: GREEN,
  FC: Reflect.get(Function.prototype, 'call'),
  J: JUMP,
  D: DEAD,
  d: alive,
  bad: oddCallee,
  nf: newResult,
  keys: keysOf,
  fn: (...args: unknown[]): unknown => makeFunction(runtime)(...args),
  cap: capture,
  k: caught,
  again: captureAgain,
}

/** Gives the builtins their twins, and puts the runtime where compiled ES modules look for it. */
export function installRuntime(): void {
  installNatives()
  installFunctionConstructor(runtime)
  const cell = globalThis as { [key: symbol]: unknown }
  cell[Symbol.for(RUNTIME)] ??= runtime
}
