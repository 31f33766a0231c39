// What greenlets wait on, and what has registered itself: pools, queues, locks, servers. Known by number, so that the page can
// tell who waits on which although many have no name.
import { inspected, type Inspectable } from '@greenhouse/scheduler/kernel'
import { shorten } from './frame-text.ts'

/** More than these are left out. */
const MOST_THINGS = 300

/** A thing as the page gets it. */
interface ThingReport {
  readonly id: number
  readonly kind: string
  readonly name?: string
  readonly statistics: unknown
  /** The number of the greenlet that has it; null when it is free; absent where nobody ever has it. */
  readonly holder?: number | null
}

/** Numbers things, and reports on them. */
export class Things {
  private readonly numbers: WeakMap<Inspectable, number> = new WeakMap()
  private readonly seen: Map<Inspectable, string> = new Map()
  private last = 0

  /** A pass begins: nothing has been seen yet. */
  beginPass(): void {
    this.seen.clear()
  }

  /** Notes that somebody waits on a thing, "Lock.acquire" for example. */
  see(thing: Inspectable, kind: string): number {
    if (!this.seen.has(thing)) this.seen.set(thing, kind.split('.', 1)[0]!)
    return this.number(thing)
  }

  /** The state of the things, as JSON; those with a name of their own come first. */
  report(): string {
    const all = new Map<Inspectable, string>()
    for (const { kind, object } of inspected()) all.set(object, kind)
    for (const [thing, kind] of this.seen) if (!all.has(thing)) all.set(thing, kind)
    const reports: string[] = []
    for (const [thing, kind] of all) {
      if (reports.length === MOST_THINGS) break
      reports.push(this.reportOn(thing, kind))
    }
    // They are others' objects, and live as long as these want.
    this.seen.clear()
    return `[${reports.join(',')}]`
  }

  private reportOn(thing: Inspectable, kind: string): string {
    const report: ThingReport = {
      id: this.number(thing),
      kind,
      ...(thing.name === undefined ? {} : { name: shorten(thing.name) }),
      statistics: statisticsOf(thing),
      ...('holder' in thing ? { holder: thing.holder?.id ?? null } : {}),
    }
    try {
      return JSON.stringify(report)
    } catch {
      return JSON.stringify({ ...report, statistics: {} })
    }
  }

  private number(thing: Inspectable): number {
    let number = this.numbers.get(thing)
    if (number === undefined) this.numbers.set(thing, (number = ++this.last))
    return number
  }
}

/** A thing that cannot say how it stands does not take the others with it. */
function statisticsOf(thing: Inspectable): object {
  try {
    return thing.statistics()
  } catch {
    return {}
  }
}
