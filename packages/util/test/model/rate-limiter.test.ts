import { RateLimiter } from '@greenhouse/util'
import fc from 'fast-check'
import { describe } from 'vitest'
import { against, Model, type Wait } from './engine.ts'

interface Shape {
  readonly limit: number
  readonly intervalMs: number
  readonly burst: number
}

/** Counts in whole numbers: a token is worth `intervalMs` grains, and each millisecond brings `limit` of them. */
class BucketModel extends Model<number, number> {
  readonly shape: Shape
  grains = Infinity
  readonly line: { readonly wait: Wait; readonly n: number }[] = []

  constructor(shape: Shape) {
    super()
    this.shape = shape
  }

  get full(): number {
    return this.shape.burst * this.shape.intervalMs
  }

  has(n: number): boolean {
    return Math.min(this.grains, this.full) >= n * this.shape.intervalMs
  }

  /** What overflowed is lost; but for who waited for a whole millisecond, that of the last one. */
  take(n: number, overflow: number): void {
    this.grains = Math.min(this.grains, this.full + overflow) - n * this.shape.intervalMs
  }

  grant(wait: Wait, n: number): void {
    this.hand(wait, true, () => {
      this.grains += n * this.shape.intervalMs
      this.serve()
    })
  }

  serve(): void {
    while (this.line.length > 0 && this.has(this.line[0]!.n)) {
      const { wait, n } = this.line.shift()!
      this.take(n, this.shape.limit)
      this.grant(wait, n)
    }
  }

  /** Takes tokens, unless there are too few or somebody came before. */
  act(n: number): boolean {
    if (this.line.length > 0 || !this.has(n)) return false
    this.take(n, 0)
    return true
  }

  start(wait: Wait, n: number): void {
    if (this.act(n)) this.grant(wait, n)
    else this.line.push({ wait, n })
  }

  override passTime(): void {
    this.grains += this.shape.limit
  }

  override afterTime(): void {
    this.serve()
  }

  withdraw(wait: Wait): void {
    const at = this.line.findIndex((place) => place.wait === wait)
    this.line.splice(at, 1)
    // Behind somebody else it held nobody up.
    if (at === 0) this.serve()
  }

  expired(): unknown {
    return false
  }

  figures(): unknown {
    const { burst, intervalMs } = this.shape
    const tokens = Math.min(burst, Math.floor(this.grains / intervalMs))
    return { tokens, burst, waiting: this.line.length }
  }
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  limit: fc.integer({ min: 1, max: 7 }),
  intervalMs: fc.integer({ min: 1, max: 40 }),
  burst: fc.integer({ min: 3, max: 6 }),
})
const tokens = fc.constantFrom(1, 1, 1, 2, 3)

describe('model', () => {
  against('RateLimiter', shapes, tokens, tokens, (shape) => {
    const { limit, intervalMs, burst } = shape
    const limiter = new RateLimiter(limit, intervalMs, { burst })
    return {
      model: new BucketModel(shape),
      subject: {
        start: (n, options) => limiter.acquire(n, options),
        act: (n) => limiter.tryAcquire(n),
        figures: () => limiter.statistics(),
      },
    }
  })
})
