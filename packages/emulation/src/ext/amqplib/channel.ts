// Calls on a channel: one at a time is under way, the others wait for it. A reply that comes after its caller has gone
// may still give something, which then goes back.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, ownPromise, refused, type Settle } from '../core/call.ts'
import type { Acceptor, AmqpChannel, Consumer, Fields, Frame } from './types.ts'

type Send = AmqpChannel['sendOrEnqueue']

/** Channel.sendOrEnqueue, through which all calls with a reply go. */
export function sendOrEnqueueOf(original: Send): Send {
  return function (this: AmqpChannel, method, fields, reply) {
    if (!inScope()) return original.call(this, method, fields, reply)
    const bound = bindHere(reply)
    // amqplib takes what is no Error for a frame of the protocol.
    const settle: Settle = (error, frame) => bound(asError(error), frame)
    if (refused(settle)) return
    const answer: Settle = (error, frame) => {
      if (call.close()) bound(error, frame)
      else if (error === null) outsideScopes(giveBack, this, fields, frame as Frame)
    }
    const call = new Call('amqp call', settle, () => withdraw(this, answer))
    try {
      outsideScopes(() => original.call(this, method, fields, answer))
    } catch (error) {
      call.close()
      throw error
    }
  }
}

/** Channel.consume: messages come in the context of whoever asked for them. */
export function consumeOf(original: AmqpChannel['consume']): AmqpChannel['consume'] {
  return function (this: AmqpChannel, queue, callback, ...rest) {
    return original.call(this, queue, inScope() ? bindHere(callback) : callback, ...rest)
  }
}

/** Channel.pushConfirmCallback: who waits for the confirmation of a message. */
export function pushConfirmOf(
  original: AmqpChannel['pushConfirmCallback'],
): AmqpChannel['pushConfirmCallback'] {
  return function (this: AmqpChannel, callback) {
    if (!inScope() || typeof callback !== 'function') return original.call(this, callback)
    const settle = bindHere(callback as Settle)
    const call = new Call('amqp confirm', settle)
    original.call(this, (error: unknown) => {
      if (call.close()) settle(error)
    })
  }
}

/** Channel._waitForConfirms, of both faces. */
export function confirmsOf(
  original: AmqpChannel['_waitForConfirms'],
): AmqpChannel['_waitForConfirms'] {
  return function (this: AmqpChannel) {
    if (!inScope()) return original.call(this)
    return ownPromise('amqp confirms', () => outsideScopes(() => original.call(this)))
  }
}

function withdraw(channel: AmqpChannel, answer: Settle): void {
  const at = channel.pending?.findIndex((waiting) => waiting.reply === answer) ?? -1
  if (at !== -1) channel.pending!.splice(at, 1)
}

function giveBack(channel: AmqpChannel, asked: Fields, frame: Frame): void {
  const { deliveryTag, consumerTag } = frame.fields
  if (deliveryTag !== undefined) {
    channel.handleMessage = skipMessage(channel.handleMessage)
    if (asked.noAck !== true) channel.reject({ fields: frame.fields }, true)
  } else if (consumerTag !== undefined && asked.queue === undefined) {
    channel.unregisterConsumer(consumerTag)
  } else if (consumerTag !== undefined) {
    const requeue: Consumer = (message) => {
      if (message !== null && asked.noAck !== true) channel.nack(message, false, true)
    }
    channel.registerConsumer(consumerTag, requeue)
    Promise.resolve(channel.cancel(consumerTag)).catch(() => {})
  }
}

/** Takes the frames of one message, which nobody is to have. */
function skipMessage(then: Acceptor): Acceptor {
  let left = 0
  const content: Acceptor = (frame) => {
    left -= frame.content?.length ?? 0
    return left > 0 ? content : then
  }
  return (header) => {
    left = header.size
    return left === 0 ? then : content
  }
}

function asError(error: unknown): unknown {
  if (error === null || error instanceof Error) return error
  return new Error('The call was cancelled', { cause: error })
}
