// Every way in which a wait of a greenlet is cut short.
import { end, scheduleException, withTimeout } from '@greenhouse/scheduler'
import type { Blocking, Greenlet, WaitOptions } from '@greenhouse/scheduler'
import { waiter, type Kind } from '../../util/test/flows.ts'

/** The ways, by name. */
export const CUTS: Record<
  string,
  (kind: Kind, op: (options?: WaitOptions) => Blocking<unknown>) => Cut
> = {
  'its end': (kind, op) => cut(kind, op, end, 'GH_EXIT'),
  'an exception': (kind, op) =>
    cut(kind, op, (victim) => scheduleException(new Error('cut'), victim), 'cut'),
  'its deadline': (kind, op) => {
    let pass: (() => void) | undefined
    const victim = waiter(kind, () =>
      withTimeout(1e9, (scope) => {
        pass = () => scope.cancel(Object.assign(new Error('late'), { code: 'GH_TIMEOUT' }))
        return op()
      }),
    )
    return { victim, cut: () => pass!(), error: 'GH_TIMEOUT' }
  },
  'an abort': (kind, op) => {
    const controller = new AbortController()
    const victim = waiter(kind, () => op({ signal: controller.signal }))
    return { victim, cut: () => controller.abort(new Error('enough')), error: 'enough' }
  },
}

/** A greenlet that waits, what cuts it short, and what it then gets: a code or a message. */
export interface Cut {
  victim: Greenlet<unknown>
  readonly cut: () => void
  error: string
}

function cut(
  kind: Kind,
  op: () => Blocking<unknown>,
  how: (victim: Greenlet) => void,
  error: string,
): Cut {
  const victim = waiter(kind, () => op())
  return { victim, cut: () => how(victim), error }
}
