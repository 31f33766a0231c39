// The suspend-mask harness: a program is run natively, then green, suspended at chosen ones of its operations. Result and
// log of side effects must be the same. A program defines `main()`; `op(x)` is the operation, which gives x or, where x is a
// string that begins with `!`, throws; `log(x)` records.
import { inspect } from 'node:util'
import { schedule } from '@greenhouse/scheduler'
import { resume, resumeError, WaitList } from '@greenhouse/scheduler/kernel'
import type { Operation } from '@greenhouse/scheduler/kernel'
import { compileModule } from '../src/compile/index.ts'
import {
  attachTwin,
  callGreen,
  installRuntime,
  runtime,
  suspend,
  type Op,
} from '../src/rt/index.ts'
import { state } from '../src/rt/convention.ts'

/** Says whether the n-th operation (from 1) is suspended. */
export type Mask = (n: number) => boolean

export interface Outcome {
  /** What main gave or threw, then the log. */
  readonly text: string
  readonly operations: number
  readonly suspensions: number
}

export interface Report {
  readonly runs: number
  readonly suspensions: number
  /** The first mask under which the program went another way; null when none did. */
  readonly failure: { readonly mask: string; readonly want: string; readonly got: string } | null
}

export type Compile = (source: string) => string

export const compileScript: Compile = (source) =>
  compileModule(source, { file: 'program.js', kind: 'script' }).code

class Environment {
  readonly log: string[] = []
  operations = 0
  suspensions = 0
  readonly record = (value: unknown): unknown => {
    this.log.push(show(value))
    return value
  }
  readonly op: (value: unknown) => unknown

  constructor(mask: Mask | null) {
    this.op = (value) => {
      this.begin(value)
      return outcome(value)
    }
    if (mask === null) return
    attachTwin(this.op, (value) => {
      this.begin(value)
      if (!state.green || !mask(this.operations)) return outcome(value)
      this.suspensions++
      return suspend(new Later(value))
    })
  }

  begin(value: unknown): void {
    this.operations++
    this.log.push('op ' + show(value))
  }
}

installRuntime()

/** An operation that ends in another turn of the loop. */
export function operation(value: unknown): Op<unknown> {
  return new Later(value)
}

const waiting = new WaitList('op')

class Later implements Op<unknown> {
  readonly kind = 'op'
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }

  start() {
    const parked = waiting.park(this, undefined, () => undefined)
    const operation = parked as unknown as Operation
    setImmediate(() => {
      if (!operation.parked) return
      waiting.withdraw(operation)
      if (isError(this.value)) resumeError(operation, new Error(this.value))
      else resume(operation, this.value)
    })
    return parked
  }

  sync(): unknown {
    return outcome(this.value)
  }
}

function isError(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('!')
}

function outcome(value: unknown): unknown {
  if (isError(value)) throw new Error(value)
  return value
}

function show(value: unknown): string {
  return inspect(value, { depth: 9, breakLength: Infinity })
}

type Main = (...args: unknown[]) => unknown

/** Makes a program's `main`, with the `op` and `log` that it is to use. */
export type Load = (op: (value: unknown) => unknown, log: (value: unknown) => unknown) => Main

const loadText =
  (code: string): Load =>
  (op, log) => {
    // oxlint-disable-next-line typescript/no-implied-eval
    const wrapper = new Function('$_G', 'op', 'log', `${code}\nreturn main`) as (
      ...args: unknown[]
    ) => Main
    return wrapper(runtime, op, log)
  }

function mainOf(load: Load, { op, record }: Environment): Main {
  return load(op, record)
}

async function run(call: () => unknown, environment: Environment): Promise<Outcome> {
  let result: string
  try {
    result = show(await call())
  } catch (error) {
    result = 'throws ' + (error instanceof Error ? `${error.name}: ${error.message}` : show(error))
  }
  return {
    text: `${result}\n${environment.log.join(' | ')}`,
    operations: environment.operations,
    suspensions: environment.suspensions,
  }
}

export function runNative(load: Load): Promise<Outcome> {
  const environment = new Environment(null)
  return run(() => mainOf(load, environment)(), environment)
}

/** Runs a compiled program green, in a greenlet of its own or as part of the caller's. */
export function runMasked(load: Load, mask: Mask, inGreenlet = false): Promise<Outcome> {
  const environment = new Environment(mask)
  const start = () => callGreen(mainOf(load, environment), undefined, [])
  return run(
    () =>
      inGreenlet
        ? schedule(function* () {
            return yield* start()
          }).join()
        : start(),
    environment,
  )
}

/** Runs a compiled program from code that cannot be suspended. */
export function runFace(load: Load): Promise<Outcome> {
  const environment = new Environment(() => true)
  return run(() => mainOf(load, environment)(), environment)
}

/** Compares a program under every single operation, every adjacent pair, all, none, random ones, and its sync face. */
export function compare(
  source: string,
  compile: Compile = compileScript,
  randoms = 6,
): Promise<Report> {
  return compareLoads(loadText(source), loadText(compile(source)), randoms)
}

/** Compares what one loader makes with what a green one makes, in the same way. */
export async function compareLoads(plain: Load, green: Load, randoms = 6): Promise<Report> {
  const native = await runNative(plain)
  let runs = 0
  let suspensions = 0
  for (const [name, mask] of masks(native.operations, randoms)) {
    const got = await (mask === null ? runFace(green) : runMasked(green, mask, runs % 2 === 1))
    runs++
    suspensions += got.suspensions
    if (got.text === native.text && state.head === null && !state.green) continue
    state.head = state.tail = null
    return { runs, suspensions, failure: { mask: name, want: native.text, got: got.text } }
  }
  return { runs, suspensions, failure: null }
}

function masks(operations: number, randoms: number): [string, Mask | null][] {
  const all: [string, Mask | null][] = [
    ['face', null],
    ['none', () => false],
    ['all', () => true],
    ['even', (n) => n % 2 === 0],
    ['odd', (n) => n % 2 === 1],
  ]
  for (let i = 1; i <= operations; i++) {
    all.push([`at ${i}`, (n) => n === i])
    if (i < operations) all.push([`at ${i} and ${i + 1}`, (n) => n === i || n === i + 1])
  }
  for (let seed = 1; seed <= randoms; seed++) {
    all.push([`random ${seed}`, (n) => ((n * (seed * 7919 + 1) * 2654435761) >>> 7) % 3 === 0])
  }
  return all
}
