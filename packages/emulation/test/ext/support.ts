// Test words of the client adapters: the libraries of corpus/clients, the services they talk to, seeded chance, and the
// wait for a state of the world outside. What is missing skips its tests, or fails them where services are required.
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { describe, it } from 'vitest'

const load = createRequire(new URL('../../../../corpus/clients/package.json', import.meta.url))
const required = process.env['GREENHOUSE_SERVICES'] === 'required'

/** A client library, untyped: what the tests use of it is what its documentation shows. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Library = any

export interface Service {
  readonly host: string
  readonly port: number
}

/** Host and port of a service, from the environment or as it stands on this machine. */
export function service(name: string, port: number): Service {
  return {
    host: process.env[`GREENHOUSE_${name}_HOST`] ?? '127.0.0.1',
    port: Number(process.env[`GREENHOUSE_${name}_PORT`] ?? port),
  }
}

/** Describes what needs a library and a service; `body` runs only where both are there. */
export async function describeClient(
  title: string,
  library: string,
  server: Service | null,
  body: (library: Library) => void,
): Promise<void> {
  const missing = await whatIsMissing(library, server)
  if (missing === null) return void describe(title, () => body(load(library)))
  if (required) throw new Error(missing)
  it.skip(`${title} (${missing})`, () => {})
}

/** Another file of an installed library. */
export function loadClient(name: string): Library {
  return load(name)
}

async function whatIsMissing(library: string, server: Service | null): Promise<string | null> {
  try {
    load.resolve(library)
  } catch {
    return `${library} is not installed: node scripts/corpus.mjs clients`
  }
  if (server === null) return null
  const there = await new Promise<boolean>((resolve) => {
    const socket = connect(server.port, server.host)
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
  return there ? null : `nothing answers at ${server.host}:${server.port}`
}

/** Numbers of at least 0 and below 1, the same for the same seed. */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Waits until the outside world is as it should be. */
export async function until(holds: () => unknown, what: string): Promise<void> {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > 5000) throw new Error(`Waited 5 s for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Milliseconds that `fn` takes, and what it throws. */
export async function timed(
  fn: () => PromiseLike<unknown>,
): Promise<{ ms: number; error: unknown; value: unknown }> {
  const start = performance.now()
  let error: unknown
  const value = await fn().then(
    (done) => done,
    (thrown: unknown) => {
      error = thrown
      return undefined
    },
  )
  return { ms: performance.now() - start, error, value }
}

/** The open sockets of this process. */
export function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe|TLS/.test(kind)).length
}
