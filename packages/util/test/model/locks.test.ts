import type { WaitOptions } from '@greenhouse/scheduler'
import { Barrier, BoundedSemaphore, Counter, Event, Lock, Semaphore } from '@greenhouse/util'
import fc from 'fast-check'
import { describe } from 'vitest'
import { against, Model, type Wait } from './engine.ts'

/** Throws as the thing itself would. */
function refuse(code: string): never {
  throw Object.assign(new Error(code), { code })
}

class PermitModel extends Model<'acquire', 'release' | 'release2' | 'try'> {
  free: number
  readonly limit: number
  readonly line: Wait[] = []
  /** Who was handed a permit last. */
  last: Wait | null = null
  isLock = false

  constructor(free: number, limit = Infinity) {
    super()
    this.free = free
    this.limit = limit
  }

  start(wait: Wait): void {
    if (this.free === 0) return void this.line.push(wait)
    this.free--
    this.grant(wait)
  }

  /** A lock that was handed to a waiter which has not run yet is nobody's to release. */
  get isForeign(): boolean {
    return this.isLock && this.free === 0 && this.last?.state === 'handed'
  }

  grant(wait: Wait): void {
    this.last = wait
    this.hand(wait, true, () => this.give())
  }

  give(): void {
    const next = this.line.shift()
    if (next === undefined) this.free++
    else this.grant(next)
  }

  act(act: 'release' | 'release2' | 'try'): unknown {
    if (act === 'try') {
      if (this.free === 0) return false
      this.free--
      return true
    }
    const n = act === 'release' ? 1 : 2
    if (this.isForeign) return undefined
    if (this.free + n > this.limit) refuse('GH_INVALID_STATE')
    for (let i = 0; i < n; i++) this.give()
    return undefined
  }

  withdraw(wait: Wait): void {
    this.line.splice(this.line.indexOf(wait), 1)
  }

  expired(): unknown {
    return false
  }

  figures(): unknown {
    return { free: this.free, waiting: this.line.length }
  }
}

const permitOps = fc.constant('acquire' as const)
const permitActs = fc.constantFrom('release' as const, 'release2' as const, 'try' as const)

describe('model', () => {
  against(
    'Lock',
    fc.constant(null),
    permitOps,
    fc.constantFrom('release' as const, 'try' as const),
    () => {
      const lock = new Lock()
      const model = new PermitModel(1, 1)
      model.isLock = true
      return {
        model,
        subject: {
          start: (_op: 'acquire', options: WaitOptions) => lock.acquire(options),
          act: (act) =>
            act === 'try' ? lock.tryAcquire() : model.isForeign ? undefined : lock.release(),
          figures: () => ({ free: lock.locked ? 0 : 1, waiting: lock.statistics().waiting }),
        },
      }
    },
  )

  for (const Kind of [Semaphore, BoundedSemaphore]) {
    against(Kind.name, fc.nat(3), permitOps, permitActs, (permits) => {
      const semaphore = new Kind(permits)
      return {
        model: new PermitModel(permits, Kind === Semaphore ? Infinity : permits),
        subject: {
          start: (_op, options) => semaphore.acquire(options),
          act: (act) =>
            act === 'try' ? semaphore.tryAcquire() : semaphore.release(act === 'release' ? 1 : 2),
          figures: () => ({ free: semaphore.value, waiting: semaphore.statistics().waiting }),
        },
      }
    })
  }

  against(
    'Event',
    fc.constant(null),
    fc.constant('wait'),
    fc.constantFrom('set', 'clear', 'pulse'),
    () => {
      const event = new Event()
      return {
        model: new (class extends FlagModel<string, string> {
          isSet = false
          reached = () => this.isSet
          act(act: string): void {
            if (act !== 'clear') this.wake((this.isSet = true))
            if (act !== 'set') this.isSet = false
          }
          figures = () => ({ isSet: this.isSet, waiting: this.line.length })
        })(),
        subject: {
          start: (_op, options) => event.wait(options),
          act: (act) => {
            if (act !== 'clear') event.set()
            if (act !== 'set') event.clear()
          },
          figures: () => event.statistics(),
        },
      }
    },
  )

  const small = fc.integer({ min: -2, max: 2 })
  against('Counter', small, small, small, (initial) => {
    const counter = new Counter(initial)
    return {
      model: new (class extends FlagModel<number, number> {
        count = initial
        reached = (until: number) => this.count === until
        act(by: number): void {
          this.count += by
          if (by !== 0) this.wake(true, (until) => until === this.count)
        }
        figures = () => ({ count: this.count, waiting: this.line.length })
      })(),
      subject: {
        start: (until, options) => counter.wait(until, options),
        act: (by) => counter.increment(by),
        figures: () => counter.statistics(),
      },
    }
  })

  against(
    'Barrier',
    fc.integer({ min: 1, max: 4 }),
    fc.constant('wait'),
    fc.constant('reset'),
    (parties) => {
      const barrier = new Barrier(parties)
      return {
        model: new (class extends FlagModel<string, string> {
          reached = () => {
            if (this.line.length + 1 < parties) return false
            this.wake(true)
            return true
          }
          act(): void {
            this.wake('GH_INVALID_STATE')
          }
          figures = () => ({ parties, waiting: this.line.length })
        })(),
        subject: {
          start: (_op, options) => barrier.wait(options),
          act: () => barrier.reset(),
          figures: () => barrier.statistics(),
        },
      }
    },
  )
})

/** What wakes all that wait for it, and costs nothing to hand over. */
abstract class FlagModel<O, A> extends Model<O, A> {
  readonly line: { wait: Wait; op: O }[] = []
  abstract reached: (op: O) => boolean

  start(wait: Wait, op: O): void {
    if (this.reached(op)) this.hand(wait, true, null)
    else this.line.push({ wait, op })
  }

  wake(outcome: unknown, which: (op: O) => boolean = () => true): void {
    for (const entry of [...this.line]) {
      if (!which(entry.op)) continue
      this.line.splice(this.line.indexOf(entry), 1)
      this.hand(entry.wait, outcome, null)
    }
  }

  withdraw(wait: Wait): void {
    this.line.splice(
      this.line.findIndex((entry) => entry.wait === wait),
      1,
    )
  }

  expired(): unknown {
    return false
  }
}
