// Connections of nats, which lead to the classes that it does not export.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { ownPromise } from '../core/call.ts'
import { ownerOf, type Patches } from '../core/patches.ts'

interface Request {
  cancel(error?: unknown): void
}

interface NatsConnection {
  readonly protocol: object
  request(...args: unknown[]): Promise<unknown>
  flush(): Promise<unknown>
  subscribe(...args: unknown[]): Messages
  close(): Promise<unknown>
}

/** A subscription, or another source of messages. */
interface Messages {
  stop(error?: unknown): void
  unsubscribe?(): void
  close?(): unknown
  [Symbol.asyncIterator](): AsyncIterator<unknown>
}

type Connect = (...args: unknown[]) => Promise<NatsConnection>

/** connect. */
export function connectOf(patches: Patches): (original: Connect) => Connect {
  return (original) =>
    (...args) => {
      const begin = async (): Promise<NatsConnection> => {
        const connection = await original(...args)
        learn(patches, connection)
        return connection
      }
      if (!inScope()) return begin()
      return ownPromise(
        'nats connect',
        () => outsideScopes(begin),
        undefined,
        (late) => {
          void outsideScopes(() => late.close())
        },
      )
    }
}

function learn(patches: Patches, connection: NatsConnection): void {
  const proto = ownerOf(connection, 'request')!
  const protocol = ownerOf(connection.protocol, 'request')!
  if (!patches.live || patches.replaced.some(({ target }) => target === proto)) return
  patches.replace(protocol, 'request', noteRequest)
  patches.replace(proto, 'request', requestOf)
  patches.replace(proto, 'flush', flushOf)
  // Subscriptions have the class of messages in common with what JetStream gives.
  patches.replace(proto, 'subscribe', (original: NatsConnection['subscribe']) => {
    return function (this: NatsConnection, ...args) {
      const messages = original.apply(this, args)
      const base = ownerOf(messages, Symbol.asyncIterator)!
      if (!patches.replaced.some(({ target }) => target === base)) {
        patches.replace(base, Symbol.asyncIterator, iterateOf)
      }
      return messages
    }
  })
}

/** The request that a connection is beginning, as its protocol sees it. */
let beginning: Request | null = null

function noteRequest(original: (request: Request) => unknown): typeof original {
  return function (this: object, request) {
    beginning = request
    return original.call(this, request)
  }
}

function requestOf(original: NatsConnection['request']): NatsConnection['request'] {
  return function (this: NatsConnection, ...args) {
    if (!inScope()) return original.apply(this, args)
    let request: Request | null = null
    const begin = (): Promise<unknown> => {
      beginning = null
      const answer = outsideScopes(() => original.apply(this, args))
      request = beginning
      beginning = null
      return answer
    }
    return ownPromise('nats request', begin, (reason) => request?.cancel(reason))
  }
}

function flushOf(original: NatsConnection['flush']): NatsConnection['flush'] {
  return function (this: NatsConnection) {
    if (!inScope()) return original.call(this)
    return ownPromise('nats flush', () => outsideScopes(() => original.call(this)))
  }
}

function iterateOf(
  original: Messages[typeof Symbol.asyncIterator],
): Messages[typeof Symbol.asyncIterator] {
  return function (this: Messages) {
    const iterator = original.call(this)
    // What can neither be closed nor unsubscribed are notices of the connection, which nats reads for itself too.
    if (this.unsubscribe === undefined && this.close === undefined) return iterator
    const next = iterator.next.bind(iterator)
    iterator.next = () =>
      inScope() ? ownPromise('nats message', next, (reason) => this.stop(reason)) : next()
    return iterator
  }
}
