// What greenlets wait for, in a few families with a colour each: more colours than these cannot be told apart.

/** A family of waits. */
export interface Family {
  readonly name: string
  /** The CSS variable of its colour. */
  readonly color: string
  readonly matches: RegExp
}

/** In the order in which they are shown; the last takes what no other does. */
export const FAMILIES: readonly Family[] = [
  { name: 'ready', color: '--ready', matches: /^$/ },
  {
    name: 'locks',
    color: '--locks',
    matches: /^(R?Lock|(Bounded)?Semaphore|Condition|RateLimiter)\b/,
  },
  {
    name: 'queues',
    color: '--queues',
    matches: /^(\w*Queue|Channel|Exchange|\w*Pool|select|Thread)\b/,
  },
  { name: 'events', color: '--events', matches: /^(Event|Barrier|Counter|Timer)\b/ },
  {
    name: 'joins',
    color: '--joins',
    matches: /^(join|Group|all|first|shield|withTimeout|moveOnAfter)\b/,
  },
  { name: 'time', color: '--time', matches: /^(pause|pauseFor|pauseUntil)$/ },
  { name: 'promises', color: '--promises', matches: /^(promise|wait)$/ },
  { name: 'I/O, other', color: '--io', matches: /./ },
]

export const READY = 0

const known = new Map<string, number>()

/** The number of the family of a wait; READY for none. */
export function familyOf(kind: string): number {
  let family = known.get(kind)
  if (family === undefined) {
    family = FAMILIES.findIndex(({ matches }) => matches.test(kind))
    known.set(kind, family)
  }
  return family
}
