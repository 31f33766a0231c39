// Gives the event loop its turn in loops that wait for nothing of ours. An operation that is complete parks when the slice is
// used up, but awaiting one for each item would cost more than the item: so it is done about ten times a millisecond, and
// not at all while the loop turns anyway because the jobs wait.
import { complete } from '@greenhouse/scheduler/kernel'

const INTERVAL_MS = 0.1
const MOST = 256

export class Breather {
  /** Items left until the next look. */
  left = 1
  every = 1
  lastMs = 0
  /** Whether the event loop has turned since the last look. */
  turned = true

  async look(): Promise<void> {
    if (this.turned) this.every = Math.min(MOST, this.every * 2)
    else {
      const elapsedMs = performance.now() - this.lastMs
      const wanted = Math.floor((this.every * INTERVAL_MS) / (elapsedMs + 1e-6))
      this.every = Math.max(1, Math.min(MOST, wanted, this.every * 2))
      this.left = this.every
      await complete(undefined)
    }
    this.left = this.every
    this.lastMs = performance.now()
    if (!this.turned) return
    this.turned = false
    setImmediate(turn, this)
  }
}

function turn(breather: Breather): void {
  breather.turned = true
}
