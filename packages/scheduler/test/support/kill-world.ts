// Where greenlets are killed in tests: everything that they may touch, what is written down of them, and a look at what stays.
import { getEventListeners } from 'node:events'
import {
  end,
  pause,
  schedule,
  statistics,
  type Blocking,
  type Greenlet,
} from '@greenhouse/scheduler'
import { giveFalse, refuse, WaitList } from '@greenhouse/scheduler/kernel'
import { withVirtualClock, type VirtualClock } from '@greenhouse/scheduler/testing'
import { expect } from 'vitest'
import { externalWaits } from '../../src/core/external.ts'
import { main } from '../../src/core/main.ts'
import { openOperations } from '../../src/core/open-operations.ts'
import { bodyOf, labelOf, type Kind, type Script } from './script.ts'

/** What a greenlet may touch, and what is written down of it. */
export class World {
  readonly kind: Kind
  readonly clock: VirtualClock
  /** What happened, in order. */
  readonly log: string[] = []
  /** What was handed over and came back. */
  readonly back: string[] = []
  readonly list: WaitList<string> = new WaitList('test', (value) => this.back.push(value))
  readonly aborter: AbortController = new AbortController()
  readonly never: Promise<never> = new Promise(() => {})
  /** A greenlet that is not concerned, and what it waits for. */
  readonly bystander: Greenlet
  theirs!: Blocking<string>

  constructor(kind: Kind, clock: VirtualClock) {
    this.kind = kind
    this.clock = clock
    const elsewhere = new WaitList<string>('elsewhere')
    this.bystander = schedule(async () => {
      this.theirs = elsewhere.park<string>(undefined, undefined, giveFalse)
      await this.theirs
    })
  }

  park(options?: { timeoutMs?: number; signal?: AbortSignal }): Blocking<string> {
    return refuse(options) ?? this.list.park<string>(undefined, options, giveFalse)
  }

  body<A extends unknown[]>(script: (...args: A) => Script): (...args: A) => Promise<unknown> {
    return bodyOf(this.kind, script)
  }

  schedule(script: () => Script): Greenlet {
    return schedule(this.body(script))
  }

  /** Waits, and writes down how that ended; its cleanup waits too. */
  *waiting(start: () => Blocking<unknown>, who: string = ''): Script {
    try {
      // A pause is over soon: then for the next.
      for (;;) this.log.push(`${who}got ${String(yield start)}`)
    } catch (error) {
      this.log.push(`${who}${labelOf(error)}`)
      throw error
    } finally {
      yield () => pause()
      this.log.push(`${who}cleaned up`)
    }
  }

  figures(): object {
    const { greenlets, ready, timers } = statistics()
    return {
      greenlets,
      ready,
      timers,
      waiting: this.list.size,
      promises: externalWaits(),
      listeners: getEventListeners(this.aborter.signal, 'abort').length,
      ofMain: openOperations(main).length,
      bystander: this.bystander.state,
    }
  }
}

/** Runs a row of the table; whatever it did, nothing is left. */
export async function inWorld(kind: Kind, row: (world: World) => Promise<void>): Promise<void> {
  await withVirtualClock(
    async (clock) => {
      const world = new World(kind, clock)
      await turns()
      const before = world.figures()
      await row(world)
      await turns()
      expect(world.figures()).toEqual(before)
      end(world.bystander)
      await turns()
    },
    { autojump: false },
  )
}

/** Lets everybody get to where it waits. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 8; i++) await pause()
}

export async function outcomeOf(one: Greenlet): Promise<string> {
  const outcome = await one.join().then(
    (value) => `gave ${String(value)}`,
    (error: unknown) => labelOf(error),
  )
  return `${one.state}: ${outcome}`
}
