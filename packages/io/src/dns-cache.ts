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
  readonly servers: readonly string[] | null
  readonly question: Question<T>
  readonly listeners: Set<Listener<T>>
  /** null while it waits for its turn. */
  resolver: Resolver | null
}

const CAPACITY = 512
/** Each question under way holds a socket or two. */
const AT_ONCE = 512

/** Answers by key, the one used longest ago first. */
const answers = new Map<string, { readonly value: unknown; readonly untilMs: number }>()
const flights = new Map<string, Flight<unknown>>()
/** The keys of those that wait for their turn. */
const waiting = new Set<string>()
let flying = 0

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
  let flight = flights.get(key) as Flight<T> | undefined
  if (flight === undefined) {
    flight = { servers, question, listeners: new Set(), resolver: null }
    flights.set(key, flight as Flight<unknown>)
    waiting.add(key)
    takeOff()
  }
  const { listeners } = flight
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0 && land(key, flight)) {
      flight.resolver?.cancel()
    }
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

/** Puts questions as long as there is room. */
function takeOff(): void {
  for (const key of waiting) {
    if (flying >= AT_ONCE) return
    waiting.delete(key)
    flying++
    put(key, flights.get(key)!)
  }
}

function put(key: string, flight: Flight<unknown>): void {
  const resolver = new Resolver()
  flight.resolver = resolver
  const servers = flight.servers ?? serversInForce(resolver)
  if (servers !== null) resolver.setServers(servers)
  flight.question(resolver, (error, value, ttlMs) => {
    // Withdrawn: the answer is that it was.
    if (!land(key, flight)) return
    if (error === null && ttlMs > 0) remember(key, value, ttlMs)
    for (const listener of flight.listeners) listener(error, value)
  })
}

/** A question is over; false when it was before. */
function land<T>(key: string, flight: Flight<T>): boolean {
  if (flights.get(key) !== (flight as Flight<unknown>)) return false
  flights.delete(key)
  if (!waiting.delete(key)) {
    flying--
    takeOff()
  }
  return true
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
