// How connections and channels come about: they lead to the classes that amqplib does not export.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, ownPromise, refused, type Settle } from '../core/call.ts'
import { ownerOf, type Patches } from '../core/patches.ts'
import { confirmsOf, consumeOf, pushConfirmOf, sendOrEnqueueOf } from './channel.ts'
import type { AmqpChannel, AmqpModel } from './types.ts'

type Open = (this: unknown, ...args: unknown[]) => unknown

/** connect, of either face. */
export function connectOf(patches: Patches): (original: Open) => Open {
  return (original) =>
    opening<AmqpModel>('amqp connect', original, (model) => {
      const proto = ownerOf(model, 'createChannel')!
      for (const method of ['createChannel', 'createConfirmChannel']) {
        replaceOnce(patches, proto, method, channelOf(patches))
      }
    })
}

function channelOf(patches: Patches): (original: Open) => Open {
  return (original) =>
    opening<AmqpChannel>('amqp channel', original, (channel) => {
      const base = ownerOf(channel, 'sendOrEnqueue')
      const face = ownerOf(channel, 'consume')
      if (base === null || face === null) return
      const rpc = ownerOf(base, '_rpc')!
      replaceOnce(patches, face, 'consume', consumeOf)
      // Of a closed channel this is no method of the class any more.
      replaceOnce(patches, rpc, 'sendOrEnqueue', sendOrEnqueueOf)
      replaceOnce(patches, rpc, 'pushConfirmCallback', pushConfirmOf)
      replaceOnce(patches, rpc, '_waitForConfirms', confirmsOf)
    })
}

/** A call that opens something, and answers by its last argument where that is a callback, else by a promise. */
function opening<T extends { close(): unknown }>(
  kind: string,
  original: Open,
  learn: (opened: T) => void,
): Open {
  return function (this: unknown, ...args) {
    const callback = args.at(-1)
    if (typeof callback !== 'function') {
      const begin = async (): Promise<T> => {
        const opened = (await original.apply(this, args)) as T
        learn(opened)
        return opened
      }
      if (!inScope()) return begin()
      return ownPromise(kind, () => outsideScopes(begin), undefined, shut)
    }
    const settle = bindHere(callback as Settle)
    if (refused(settle)) return undefined
    const call = inScope() ? new Call(kind, settle) : null
    const answer = (error: unknown, opened: T): void => {
      if (opened !== undefined) learn(opened)
      if (call === null || call.close()) settle(error, opened)
      else if (opened !== undefined) shut(opened)
    }
    return outsideScopes(() => original.apply(this, [...args.slice(0, -1), answer]))
  }
}

/** Closes what opened too late. */
function shut(opened: { close(): unknown }): void {
  outsideScopes(() => {
    Promise.resolve(opened.close()).catch(() => {})
  })
}

function replaceOnce(
  patches: Patches,
  target: object,
  method: string,
  wrap: (original: never) => (this: never, ...args: never[]) => unknown,
): void {
  const done = patches.replaced.some((one) => one.target === target && one.name === method)
  if (!done && patches.live) patches.replace(target, method, wrap)
}
