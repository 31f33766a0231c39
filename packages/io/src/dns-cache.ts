// Questions to name servers: equal ones that are asked at once are sent once, answers are remembered as long as they live, and
// a question that nobody waits for any more is withdrawn. Each has a resolver of its own, so that withdrawing it touches no
// other.
import dns, { Resolver } from 'node:dns'
import { now } from '@greenhouse/scheduler/kernel'

/** What came of a question: an error, or a value and for how many milliseconds it holds. */
export type Answered<T> = (error: Error | null, value: T | null, ttlMs: number) => void

/** Asks a resolver, and calls back once. */
export type Question<T> = (resolver: Resolver, answered: Answered<T>) => void

/** Told the outcome of a question. */
export type Listener<T> = (error: Error | null, value: T | null) => void

interface Flight<T> {
  readonly resolver: Resolver
  readonly listeners: Set<Listener<T>>
}

const CAPACITY = 512

/** Answers by key, the one used longest ago first. */
const answers = new Map<string, { readonly value: unknown; readonly untilMs: number }>()
const flights = new Map<string, Flight<never>>()

/** The answer that is remembered, or undefined. */
export function remembered<T>(key: string): T | undefined {
  const answer = answers.get(key)
  if (answer === undefined) return undefined
  answers.delete(key)
  if (answer.untilMs <= now()) return undefined
  answers.set(key, answer)
  return answer.value as T
}

/**
 * Asks, or joins those who ask the same.
 *
 * @param key - Equal for equal questions.
 * @param servers - Which servers to ask; null for the ones in force.
 * @returns a function that stops listening; the last one to do so withdraws the question.
 */
export function ask<T>(
  key: string,
  servers: readonly string[] | null,
  question: Question<T>,
  listener: Listener<T>,
): () => void {
  const flight = (flights.get(key) as Flight<T> | undefined) ?? takeOff(key, servers, question)
  flight.listeners.add(listener)
  return () => {
    if (!flight.listeners.delete(listener) || flight.listeners.size > 0) return
    if (flights.get(key) !== (flight as Flight<never>)) return
    flights.delete(key)
    flight.resolver.cancel()
  }
}

/**
 * Forgets every answer of a name server that is remembered. Questions under way are not touched.
 *
 * @example
 * ```ts
 * import { clearNameCache } from '@greenhouse/io'
 *
 * clearNameCache()
 * ```
 */
export function clearNameCache(): void {
  answers.clear()
}

function takeOff<T>(
  key: string,
  servers: readonly string[] | null,
  question: Question<T>,
): Flight<T> {
  const resolver = new Resolver()
  const asked = servers ?? serversInForce(resolver)
  if (asked !== null) resolver.setServers(asked)
  const flight: Flight<T> = { resolver, listeners: new Set() }
  flights.set(key, flight as Flight<never>)
  question(resolver, (error, value, ttlMs) => {
    // Withdrawn: the answer is that it was.
    if (flights.get(key) !== (flight as Flight<never>)) return
    flights.delete(key)
    if (error === null && ttlMs > 0) remember(key, value, ttlMs)
    for (const listener of flight.listeners) listener(error, value)
  })
  return flight
}

function remember(key: string, value: unknown, ttlMs: number): void {
  answers.delete(key)
  answers.set(key, { value, untilMs: now() + ttlMs })
  if (answers.size > CAPACITY) answers.delete(answers.keys().next().value!)
}

let systemServers: string | undefined

/** The servers that `dns.setServers` chose for the process; null where nobody called it. */
function serversInForce(fresh: Resolver): string[] | null {
  systemServers ??= fresh.getServers().join(' ')
  // Not as a named import: `dns.setServers` puts new functions into the module.
  const current = dns.getServers()
  return current.join(' ') === systemServers ? null : current
}
