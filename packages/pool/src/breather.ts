// Gives the event loop its turn in loops that wait for nothing of ours. An operation that is complete parks when the slice is
// used up, but awaiting one for each item would cost more than the item: so it is done about ten times a millisecond.
import { complete } from '@greenhouse/scheduler/kernel'

const INTERVAL_MS = 0.1
const MOST = 256

export class Breather {
  /** Items left until the next breath. */
  left = 1
  every = 1
  lastMs = 0

  async breathe(): Promise<void> {
    const elapsedMs = performance.now() - this.lastMs
    const wanted = Math.floor((this.every * INTERVAL_MS) / (elapsedMs + 1e-6))
    this.every = Math.max(1, Math.min(MOST, wanted, this.every * 2))
    this.left = this.every
    await complete(undefined)
    this.lastMs = performance.now()
  }
}
