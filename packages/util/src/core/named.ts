// Names of primitives. One with a name is visible to dump and backdoor for as long as it lives.
import {
  checkOptions,
  inspectable,
  wrongType,
  type Inspectable,
} from '@greenhouse/scheduler/kernel'

/** What every primitive takes as its last argument. */
export interface NameOptions {
  /** Shown in dumps; a primitive with a name is listed there even when nobody waits for it. */
  readonly name?: string | undefined
}

/** The name asked for; registers the primitive when there is one. */
export function nameOf(
  kind: string,
  primitive: Inspectable,
  options: NameOptions | undefined,
): string | undefined {
  if (options === undefined) return undefined
  checkOptions('options', options)
  const { name } = options
  if (name === undefined) return undefined
  if (typeof name !== 'string') wrongType('options.name', 'a string', name)
  inspectable(kind, primitive)
  return name
}

/** How a message calls a primitive: `queue "jobs"`, or `queue` without a name. */
export function titleOf(kind: string, name: string | undefined): string {
  return name === undefined ? kind : `${kind} "${name}"`
}
