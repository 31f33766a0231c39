// Random programs against a plain sequential model. A program is a list of commands; after each, nothing but what the command
// itself does has run, until a `drain`: so that cuts fall into the instant of every hand-over. The model says what each wait
// must give, exactly.
//
// GREENHOUSE_LONG=1 runs 10,000 programs of each kind; GREENHOUSE_SEED=n replays what a failure printed.
import {
  end,
  schedule,
  scheduleException,
  statistics,
  type Blocking,
  type Greenlet,
  type WaitOptions,
} from '@greenhouse/scheduler'
import { withVirtualClock, type VirtualClock } from '@greenhouse/scheduler/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const LONG = process.env['GREENHOUSE_LONG'] === '1'
const SEED = process.env['GREENHOUSE_SEED']
export const RUNS: number = LONG ? 10_000 : 200
/** Scripts take longer. */
export const SCRIPT_RUNS: number = LONG ? 10_000 : 100
export const TIMEOUT_MS: number = LONG ? 3_600_000 : 60_000

/** How fast-check runs: it prints the seed of a failure itself. */
export function seeded(numRuns: number): {
  numRuns: number
  seed?: number
  endOnFailure?: boolean
} {
  return SEED === undefined ? { numRuns } : { numRuns, seed: Number(SEED), endOnFailure: true }
}

export type Kind = 'generator' | 'async' | 'main'

/** What may happen in a program. `O` says what to wait for, `A` what else can be done. */
export type Command<O, A> =
  | {
      readonly do: 'start'
      readonly kind: Kind
      readonly op: O
      readonly timeoutMs: number | undefined
      readonly signal: number | undefined
    }
  | { readonly do: 'act'; readonly act: A }
  | { readonly do: 'cut'; readonly who: number; readonly how: 'end' | 'exception' }
  | { readonly do: 'abort'; readonly signal: number }
  | { readonly do: 'drain' }
  | { readonly do: 'advance'; readonly ms: number }

/** The thing itself. */
export interface Subject<O, A> {
  start(op: O, options: WaitOptions): Blocking<unknown>
  act(act: A): unknown
  /** What of an outcome is compared with the model's. */
  shape?(outcome: unknown): unknown
  /** What can be seen of it, to be compared with the model's. */
  figures(): unknown
}

/** How one wait stands in the model. */
export interface Wait {
  readonly id: number
  readonly kind: Kind
  state: 'waiting' | 'handed' | 'done'
  outcome: unknown
  /** Undoes the hand-over; null where an async waiter keeps what it got. */
  giveBack: (() => void) | null
}

/** What the thing ought to do. */
export abstract class Model<O, A> {
  /** Starts a wait: it stays waiting, or is handed its outcome. */
  abstract start(wait: Wait, op: O): void
  abstract act(act: A): unknown
  /** Takes a wait out of every list. */
  abstract withdraw(wait: Wait): void
  /** What a wait gives whose time is up. */
  abstract expired(wait: Wait, op: O): unknown
  abstract figures(): unknown
  /** A millisecond passes: before what times out in it. */
  passTime(): void {}
  /** A millisecond has passed: after what timed out in it. */
  afterTime(): void {}

  hand(wait: Wait, outcome: unknown, giveBack: (() => void) | null): void {
    wait.state = 'handed'
    wait.outcome = outcome
    wait.giveBack = giveBack
  }
}

export function commands<O, A>(
  op: fc.Arbitrary<O>,
  act: fc.Arbitrary<A>,
): fc.Arbitrary<Command<O, A>[]> {
  const who = fc.nat(7)
  const signal = fc.option(fc.nat(1), { nil: undefined, freq: 3 })
  const command: fc.Arbitrary<Command<O, A>> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('start' as const),
        kind: fc.constantFrom<Kind>('generator', 'async', 'main'),
        op,
        timeoutMs: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined, freq: 2 }),
        signal,
      }),
    },
    { weight: 14, arbitrary: fc.record({ do: fc.constant('act' as const), act }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('cut' as const),
        who,
        how: fc.constantFrom('end' as const, 'exception' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), signal: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'drain' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.integer({ min: 0, max: 15 }),
      }),
    },
  )
  return fc.array(command, { minLength: 1, maxLength: 60, size: 'max' })
}

/** Runs programs against fresh pairs of the thing and its model. */
export function against<O, A, S>(
  title: string,
  shape: fc.Arbitrary<S>,
  op: fc.Arbitrary<O>,
  act: fc.Arbitrary<A>,
  make: (shape: S) => { subject: Subject<O, A>; model: Model<O, A> },
): void {
  it(title, { timeout: TIMEOUT_MS }, async () => {
    await withVirtualClock(
      async (clock) => {
        const property = fc.asyncProperty(shape, commands(op, act), async (one, program) => {
          const { subject, model } = make(one)
          await new Run(clock, subject, model).all(program)
        })
        await fc.assert(property, seeded(RUNS))
      },
      { autojump: false },
    )
  })
}

/** What a wait has given that is not over. */
const UNSETTLED = 'unsettled'

/** A wait that runs in reality too. */
interface Started<O> extends Wait {
  readonly op: O
  readonly dueMs: number
  signal: number | undefined
  readonly greenlet: Greenlet | null
  /** Ends a wait of main when the program is over. */
  readonly last: AbortController
  /** What it gave. */
  got: unknown
}

class Run<O, A> {
  readonly clock: VirtualClock
  readonly subject: Subject<O, A>
  readonly model: Model<O, A>
  readonly signals = [new AbortController(), new AbortController()]
  readonly waits: Started<O>[] = []
  readonly before = statistics()

  constructor(clock: VirtualClock, subject: Subject<O, A>, model: Model<O, A>) {
    this.clock = clock
    this.subject = subject
    this.model = model
  }

  async all(program: readonly Command<O, A>[]): Promise<void> {
    try {
      for (const command of program) await this.one(command)
      await this.drain()
    } finally {
      this.signals.forEach((_controller, signal) => this.abort(signal))
      for (const wait of this.waits) this.stop(wait)
      await this.drain()
    }
    for (const wait of this.waits) expect([wait.id, wait.got]).toEqual([wait.id, wait.outcome])
    const after = statistics()
    expect([after.timers, after.greenlets, after.ready]).toEqual([
      this.before.timers,
      this.before.greenlets,
      0,
    ])
  }

  async one(command: Command<O, A>): Promise<void> {
    switch (command.do) {
      case 'start':
        if (this.waits.filter(({ state }) => state === 'waiting').length < 8)
          await this.start(command)
        break
      case 'act':
        expect(attempt(() => this.subject.act(command.act))).toEqual(
          attempt(() => this.model.act(command.act)),
        )
        break
      case 'cut': {
        const open = this.waits.filter(
          ({ state, greenlet }) => state !== 'done' && greenlet !== null,
        )
        const wait = open[command.who % open.length]
        if (wait === undefined) break
        if (command.how === 'end') end(wait.greenlet!)
        else scheduleException(new Error('cut'), wait.greenlet!)
        this.cut(wait, command.how === 'end' ? 'GH_EXIT' : 'cut')
        break
      }
      case 'abort':
        this.abort(command.signal)
        break
      case 'drain':
        await this.drain()
        break
      case 'advance':
        await this.drain()
        for (let left = command.ms; left > 0; left--) {
          await this.clock.advance(1)
          this.model.passTime()
          this.expire()
          this.model.afterTime()
          await this.drain()
        }
    }
    expect(this.subject.figures()).toEqual(this.model.figures())
  }

  abort(signal: number): void {
    this.signals[signal]!.abort(new Error('aborted'))
    for (const wait of this.waits) {
      if (wait.signal === signal && wait.state === 'waiting') this.cut(wait, 'aborted')
    }
    this.signals[signal] = new AbortController()
    for (const wait of this.waits) if (wait.signal === signal) wait.signal = undefined
  }

  async start(command: Command<O, A> & { do: 'start' }): Promise<void> {
    const { kind, op, timeoutMs, signal } = command
    await this.drain()
    const last = new AbortController()
    const controller = signal === undefined ? last : this.signals[signal]!
    const options =
      signal === undefined && kind !== 'main'
        ? { timeoutMs }
        : { timeoutMs, signal: controller.signal }
    const begin = () => this.subject.start(op, options)
    const greenlet =
      kind === 'main'
        ? null
        : kind === 'async'
          ? schedule(waitAsync, begin)
          : schedule(waitSteps, begin)
    const wait: Started<O> = {
      id: this.waits.length,
      kind,
      state: 'waiting',
      outcome: undefined,
      giveBack: null,
      op,
      dueMs: timeoutMs === undefined ? Infinity : this.clock.now() + timeoutMs,
      signal,
      greenlet,
      last,
      got: UNSETTLED,
    }
    void (greenlet === null ? waitAsync(begin) : greenlet.join()).then(
      (got) => (wait.got = this.subject.shape?.(got) ?? got),
      (error: unknown) => (wait.got = label(error)),
    )
    this.waits.push(wait)
    this.model.start(wait, op)
    if (timeoutMs === 0) this.expire()
    await this.drain()
  }

  /** Everything that was handed over is taken. */
  async drain(): Promise<void> {
    await this.clock.advance(0)
    for (const wait of this.waits) if (wait.state === 'handed') wait.state = 'done'
  }

  expire(): void {
    const late = this.waits.filter(
      ({ state, dueMs }) => state === 'waiting' && dueMs <= this.clock.now(),
    )
    for (const wait of late.toSorted((a, b) => a.dueMs - b.dueMs)) {
      // The time-out of one may serve another.
      if (wait.state === 'waiting') this.finish(wait, this.model.expired(wait, wait.op))
    }
  }

  cut(wait: Wait, error: string): void {
    if (wait.state === 'waiting') return this.finish(wait, error)
    const { giveBack } = wait
    if (giveBack === null && (wait.kind === 'async' || isFailure(wait.outcome))) return
    wait.state = 'done'
    wait.outcome = error
    giveBack?.()
  }

  finish(wait: Wait, outcome: unknown): void {
    wait.state = 'done'
    wait.outcome = outcome
    this.model.withdraw(wait)
  }

  /** Ends what still waits when the program is over. */
  stop(wait: Started<O>): void {
    if (wait.greenlet === null) {
      wait.last.abort(new Error('aborted'))
      if (wait.state === 'waiting') this.finish(wait, 'aborted')
    } else {
      end(wait.greenlet)
      // The end of one may serve another.
      if (wait.state !== 'done') this.cut(wait, 'GH_EXIT')
    }
  }
}

/** A failure cannot go to anybody else: it is kept, and the cut comes at the next wait. */
function isFailure(outcome: unknown): boolean {
  return typeof outcome === 'string' && outcome.startsWith('GH_')
}

function* waitSteps(begin: () => Blocking<unknown>) {
  try {
    return yield* begin()
  } catch (error) {
    return label(error)
  }
}

async function waitAsync(begin: () => Blocking<unknown>): Promise<unknown> {
  try {
    return await begin()
  } catch (error) {
    return label(error)
  }
}

function label(error: unknown): string {
  const { code, message } = error as { code?: string; message: string }
  return code ?? message
}

function attempt(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return label(error)
  }
}
