// What a dashboard lets its visitors do.
import { wrongType } from '@greenhouse/scheduler/kernel'

/** To look; to end greenlets; to throw an error into them; to record what all of them do for some seconds. */
export type DashboardRight = 'inspect' | 'end' | 'interrupt' | 'record'

const RIGHTS: readonly DashboardRight[] = ['inspect', 'end', 'interrupt', 'record']

/** Checks a list of rights. */
export function checkRights(rights: unknown): ReadonlySet<DashboardRight> {
  const known = (right: unknown) => RIGHTS.includes(right as DashboardRight)
  if (!Array.isArray(rights) || !rights.every(known)) {
    wrongType(
      'options.allow',
      `an array of ${RIGHTS.map((right) => `'${right}'`).join(', ')}`,
      rights,
    )
  }
  return new Set(rights as DashboardRight[])
}
