// The greenlet of one connection, in the manner of the handler: handshake, handler, close.
import { schedule, wait, type Blocking, type Greenlet, type Steps } from '@greenhouse/scheduler'
import type { Socket } from './socket.ts'
import type { StreamServer } from './stream-server.ts'

type AnyHandler = (socket: Socket) => unknown

const generatorFunction: unknown = Object.getPrototypeOf(function* () {})
const asyncFunction: unknown = Object.getPrototypeOf(async () => {})

/** Starts the greenlet of a connection. */
export function serveConnection(server: StreamServer, socket: Socket): Greenlet {
  const kind: unknown = Object.getPrototypeOf(server.handler)
  // Known to be a generator, it is never given a context of its own, which costs on Node 20 and 22.
  if (kind === generatorFunction) return schedule(serveSteps, server, socket)
  if (kind === asyncFunction) return schedule(serveAsync, server, socket)
  // What a plain function is only its result says.
  return socket.tls === null
    ? schedule(serveAny as () => void, ...([server, socket] as unknown as []))
    : schedule(serveSteps, server, socket)
}

function* serveSteps(server: StreamServer, socket: Socket): Steps<void> {
  try {
    if (socket.tls !== null) yield* shakeHands(server, socket)
    const given = (server.handler as AnyHandler)(socket)
    if (isSteps(given)) yield* given
    else if (given instanceof Promise) yield* wait(given)
  } catch (error) {
    failed(server, socket, error)
  } finally {
    server.done(socket)
  }
}

async function serveAsync(server: StreamServer, socket: Socket): Promise<void> {
  try {
    if (socket.tls !== null) await shakeHands(server, socket)
    await (server.handler as AnyHandler)(socket)
  } catch (error) {
    failed(server, socket, error)
  } finally {
    server.done(socket)
  }
}

function serveAny(server: StreamServer, socket: Socket): unknown {
  let given: unknown
  try {
    given = (server.handler as AnyHandler)(socket)
  } catch (error) {
    given = Promise.reject(error)
  }
  return isSteps(given) ? finishSteps(server, socket, given) : finishAsync(server, socket, given)
}

function* finishSteps(server: StreamServer, socket: Socket, steps: Steps<unknown>): Steps<void> {
  try {
    yield* steps
  } catch (error) {
    failed(server, socket, error)
  } finally {
    server.done(socket)
  }
}

async function finishAsync(server: StreamServer, socket: Socket, given: unknown): Promise<void> {
  try {
    await given
  } catch (error) {
    failed(server, socket, error)
  } finally {
    server.done(socket)
  }
}

function shakeHands(server: StreamServer, socket: Socket): Blocking<void> {
  return socket.handshake({ timeoutMs: server.options.handshakeTimeoutMs ?? 10_000 })
}

/** That the peer has hung up is no error of the handler's; everything else goes to the exception handlers. */
function failed(server: StreamServer, socket: Socket, error: unknown): void {
  const { tls, inbox, outbox } = socket
  const handshake = tls !== null && tls.stream === null
  if ((error as { code?: unknown } | null)?.code === 'GH_EXIT') throw error
  if (error === inbox.failure || error === outbox.failure || handshake) {
    server.counts.broken++
    return
  }
  server.counts.failed++
  throw error
}

function isSteps(value: unknown): value is Steps<unknown> {
  const steps = value as Partial<Generator> | null
  return (
    typeof steps === 'object' &&
    steps !== null &&
    typeof steps.next === 'function' &&
    typeof steps.throw === 'function' &&
    Symbol.iterator in steps
  )
}
