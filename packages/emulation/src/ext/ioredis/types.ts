// What the adapter uses of ioredis 5 and 6, by shape.
import type { EventEmitter } from 'node:events'

export interface RedisLibrary {
  readonly Redis: { prototype: RedisClient }
  readonly Cluster?: { prototype: RedisClient }
  readonly Pipeline: { prototype: Pipeline }
}

export interface Command {
  constructor: new (name: string, args: string[]) => Command
  readonly name: string
  readonly promise: Promise<unknown>
  resolve(value: unknown): unknown
  reject(error: unknown): void
}

interface Item {
  readonly command: Command
}

/** The double-ended queue of ioredis. */
export interface Queue {
  readonly length: number
  peekAt(index: number): Item | undefined
  peekFront(): Item | undefined
  removeOne(index: number): Item | undefined
}

export interface RedisClient extends EventEmitter {
  readonly status: string
  readonly stream?: object
  readonly options: object
  /** Sent, and not answered. */
  readonly commandQueue?: Queue
  /** Waiting for a connection. */
  readonly offlineQueue?: Queue
  sendCommand(command: Command, stream?: unknown, node?: unknown): Promise<unknown>
  connect(...args: never[]): Promise<unknown>
  client(subcommand: string, ...args: unknown[]): Promise<unknown>
  duplicate(options: object): RedisClient
  disconnect(): void
}

export interface Pipeline {
  readonly redis: RedisClient
  readonly promise: Promise<unknown>
  readonly _queue: Command[]
  exec(...args: unknown[]): Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}
