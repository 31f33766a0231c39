// What must stop when a greenlet is ended: one listener a greenlet, however many maps it consumes.
import { mainGreenlet, type Greenlet } from '@greenhouse/scheduler'

/** Something that stops with its greenlet. */
export interface Charge {
  abandon(): void
}

const charges = new WeakMap<Greenlet, Set<Charge>>()

export function stopWith(greenlet: Greenlet, charge: Charge): void {
  if (greenlet === mainGreenlet) return
  let all = charges.get(greenlet)
  if (all === undefined) {
    const mine = (all = new Set<Charge>())
    charges.set(greenlet, all)
    greenlet.signal.addEventListener('abort', () => mine.forEach((one) => one.abandon()), {
      once: true,
    })
  }
  all.add(charge)
}

export function letGo(greenlet: Greenlet, charge: Charge): void {
  charges.get(greenlet)?.delete(charge)
}
