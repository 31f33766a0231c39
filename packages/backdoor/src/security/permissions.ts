// What somebody who is let in may do.
import { wrongValue } from '@greenhouse/scheduler/kernel'

/**
 * `inspect` looks at greenlets, pools, locks and the loop, and evaluates nothing; `act` ends greenlets; `record` writes traces,
 * profiles and heap snapshots to files; `evaluate` runs any JavaScript, and so everything else.
 */
export type Permission = 'inspect' | 'act' | 'record' | 'evaluate'

const ALL: readonly Permission[] = ['inspect', 'act', 'record', 'evaluate']

/**
 * Reads the option `allow`; everything is allowed without it.
 *
 * @throws {GH_INVALID_ARGUMENT}
 */
export function permissionsOf(allow: readonly Permission[] | undefined): ReadonlySet<Permission> {
  if (allow === undefined) return new Set(ALL)
  const known = Array.isArray(allow) && allow.every((permission) => ALL.includes(permission))
  if (!known) wrongValue('options.allow', `an array of ${ALL.join(', ')}`, allow)
  return new Set(allow)
}
