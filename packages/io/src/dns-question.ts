// The questions that are put to name servers, each through a resolver of its own (dns-cache.ts).
import type { Resolver } from 'node:dns'
import type { Answered, Question } from './dns-cache.ts'

/** How long an answer is remembered of which a part did not come: long enough for a burst of lookups. */
const PARTIAL_MS = 5000

/**
 * Asks for the addresses of a name.
 *
 * @param plain - The name that the user gave.
 * @param names - It and the names that it may be short for, tried in turn until one exists.
 * @param families - Asked for at once; the addresses come in this order.
 */
export function addressQuestion(
  plain: string,
  names: readonly string[],
  families: readonly (4 | 6)[],
): Question<string[]> {
  return (resolver, answered) => {
    let failure: Error | null = null
    const tryName = (at: number): void => {
      askFamilies(resolver, names[at]!, families, (error, addresses, ttlMs) => {
        if (error === null) return answered(null, addresses, ttlMs)
        const absent = isAbsent(error)
        // Told is what went wrong with the servers, else what they say of the name as it was given.
        if (failure === null || !absent || names[at] === plain) failure = error
        if (absent && at + 1 < names.length) tryName(at + 1)
        else answered(failure, null, 0)
      })
    }
    tryName(0)
  }
}

/** Asks for the names of an address. How long they are valid is not told, so they are not remembered. */
export function nameQuestion(address: string): Question<string[]> {
  return (resolver, answered) => {
    resolver.reverse(address, (error, names) => {
      if (error === null) answered(null, names, 0)
      else answered(error, null, 0)
    })
  }
}

/** Node's own error for a name that does not exist. */
export function noSuchName(hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    errno: -3008,
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  })
}

/** Whether an error says that there is no such name or address, rather than that asking failed. */
export function isAbsent(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

interface Part {
  readonly error: Error | null
  readonly addresses: readonly string[]
  readonly ttlMs: number
}

function askFamilies(
  resolver: Resolver,
  name: string,
  families: readonly (4 | 6)[],
  answered: Answered<string[]>,
): void {
  const parts: Part[] = []
  let left = families.length
  families.forEach((family, at) => {
    const method = family === 4 ? 'resolve4' : 'resolve6'
    resolver[method](name, { ttl: true }, (error, records) => {
      parts[at] =
        error === null
          ? {
              error,
              addresses: records.map(({ address }) => address),
              ttlMs: 1000 * Math.min(...records.map(({ ttl }) => ttl)),
            }
          : { error, addresses: [], ttlMs: isAbsent(error) ? Infinity : PARTIAL_MS }
      if (--left === 0) conclude(parts, answered)
    })
  })
}

function conclude(parts: readonly Part[], answered: Answered<string[]>): void {
  const addresses = parts.flatMap((part) => part.addresses)
  if (addresses.length > 0) {
    return answered(null, addresses, Math.min(...parts.map((part) => part.ttlMs)))
  }
  const errors = parts.map((part) => part.error).filter((error) => error !== null)
  // That asking failed weighs more than that one kind of address is absent.
  const error = errors.find((each) => !isAbsent(each)) ?? errors[0] ?? noSuchName('')
  answered(error, null, 0)
}
