// The greenlets that stand for code which natively runs in none: bodies of main modules, and callbacks that Node calls. What
// they leave behind, such as an async function that nobody awaits, goes on when they are over, as natively.
import { getCurrent, schedule, type Greenlet } from '@greenhouse/scheduler'
import { leaveOpen, outsideScopes } from '@greenhouse/scheduler/kernel'

const roots = new WeakSet<Greenlet>()

/** Starts one; gives what becomes of it, whatever becomes of the scope that it is started in. */
export function startAsRoot(greenlet: Greenlet): Promise<unknown> {
  roots.add(greenlet)
  leaveOpen(greenlet)
  schedule(greenlet)
  return outsideScopes(() => Promise.resolve(greenlet.join()))
}

/** Begins something that nobody awaits. */
export function beginAlone<T>(begin: () => T): T {
  return roots.has(getCurrent()) ? outsideScopes(begin) : begin()
}
