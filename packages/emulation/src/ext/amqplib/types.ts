// What the adapter uses of amqplib, by shape.
import type { Settle } from '../core/call.ts'

export interface AmqpModel {
  createChannel(...args: unknown[]): unknown
  close(): unknown
}

export interface Frame {
  readonly size: number
  readonly content?: Buffer
  readonly fields: { readonly deliveryTag?: number; readonly consumerTag?: string }
}

/** A state of the machine that takes a message apart; gives the next one. */
export type Acceptor = (frame: Frame) => Acceptor

export interface Fields {
  readonly noAck?: boolean
  readonly queue?: string
}

export type Consumer = (message: object | null) => unknown

export interface AmqpChannel {
  readonly pending: { readonly reply: Settle }[] | null
  handleMessage: Acceptor
  sendOrEnqueue(method: number, fields: Fields, reply: Settle): void
  consume(queue: string, callback: Consumer, ...rest: unknown[]): unknown
  cancel(consumerTag: string): unknown
  close(): unknown
  reject(message: object, requeue: boolean): void
  nack(message: object, allUpTo: boolean, requeue: boolean): void
  registerConsumer(consumerTag: string, callback: Consumer): void
  unregisterConsumer(consumerTag: string): void
  pushConfirmCallback(callback: unknown): void
  _waitForConfirms(): Promise<unknown>
}
