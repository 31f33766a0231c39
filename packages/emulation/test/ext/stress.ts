// Random cancels at random moments: greenlets that ask a service through a client, most of them under time-outs, some
// ended, some in groups that fail, some left alone. Tells what went wrong.
import { performance } from 'node:perf_hooks'
import { end, Group, pauseFor, schedule, withTimeout, type Greenlet } from '@greenhouse/scheduler'
import { chance } from './support.ts'

/** How late a call may be answered on a machine that is busy with other things too. */
export const LATEST_MS = 3000

export interface Flow {
  /** Asks for `question` and gives the answer, after some milliseconds on the server. */
  ask(question: number, serverMs: number): PromiseLike<number>
  /** Writes both halves of `id`, or none. */
  transact?(id: number): PromiseLike<unknown>
}

export interface Outcome {
  /** Answers to somebody else's question. */
  wrong: number
  /** Errors of calls that nobody cancelled. */
  innocent: unknown[]
  /** Errors of cancelled calls that are not the reason of the cancel. */
  strange: unknown[]
  answered: number
  cancelled: number
  /** The longest time that a call went on after its deadline. */
  latestMs: number
  /** Transactions that were reported as committed. */
  committed: number[]
}

export interface Load {
  readonly seed: number
  readonly greenlets: number
  readonly rounds: number
  /** The longest time, in milliseconds, that a call takes on the server. */
  readonly slowestMs: number
}

export async function stress(flow: Flow, load: Load): Promise<Outcome> {
  const next = chance(load.seed)
  const outcome: Outcome = {
    wrong: 0,
    innocent: [],
    strange: [],
    answered: 0,
    cancelled: 0,
    latestMs: 0,
    committed: [],
  }
  let ids = 0
  const once = async (): Promise<void> => {
    const id = ++ids
    if (flow.transact !== undefined && next() < 0.25) {
      await flow.transact(id)
      outcome.committed.push(id)
    } else if ((await flow.ask(id, next() * load.slowestMs)) !== id) outcome.wrong++
    outcome.answered++
  }
  const limited = async (): Promise<void> => {
    const limitMs = next() * 3 * load.slowestMs
    const start = performance.now()
    try {
      await withTimeout(limitMs, once)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'GH_TIMEOUT') throw error
      outcome.cancelled++
      outcome.latestMs = Math.max(outcome.latestMs, performance.now() - start - limitMs)
    }
  }
  const failing = async (): Promise<void> => {
    const failure = new Error('one failed')
    const failMs = next() * 3 * load.slowestMs
    await Group.run(async (group) => {
      for (let i = 0; i < 3; i++) group.schedule(once)
      await pauseFor(failMs)
      throw failure
    }).then(null, (error: unknown) => {
      if (error !== failure) throw error
      outcome.cancelled++
    })
  }
  const flows = Array.from({ length: load.greenlets }, (_, number) =>
    schedule(async () => {
      const alone = number % 4 === 0
      const flowOf = alone ? once : number % 8 === 1 ? failing : limited
      for (let round = 0; round < load.rounds; round++) {
        try {
          await flowOf()
        } catch (error) {
          if ((error as { code?: unknown }).code === 'GH_EXIT') throw error
          ;(alone ? outcome.innocent : outcome.strange).push(error)
        }
      }
    }),
  )
  // Every eighth is ended at some moment.
  const ended = flows.filter((_, number) => number % 8 === 3)
  const life = load.slowestMs * load.rounds
  await Promise.all([
    ...ended.map((greenlet) => endLater(greenlet, next() * life)),
    ...flows.map((greenlet) => joined(greenlet, outcome)),
  ])
  return outcome
}

async function endLater(greenlet: Greenlet, delayMs: number): Promise<void> {
  await pauseFor(delayMs)
  end(greenlet)
}

async function joined(greenlet: Greenlet, outcome: Outcome): Promise<void> {
  await greenlet.join().then(null, (error: { code?: unknown }) => {
    if (error.code === 'GH_EXIT') outcome.cancelled++
    else outcome.strange.push(error)
  })
}
