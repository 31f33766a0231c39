// What the adapter uses of mysql2 3, by shape; names that begin with an underscore are internal to it.
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Callback } from '../core/call.ts'

export interface MysqlLibrary {
  readonly Connection: {
    new (options: { config: object }): MysqlConnection
    prototype: MysqlConnection
  }
  readonly Pool: { prototype: MysqlPool }
}

export interface Command {
  onResult?: Callback
  execute(packet?: unknown, connection?: MysqlConnection): boolean
  emit(event: string, ...args: unknown[]): boolean
  once(event: string, listener: () => void): unknown
  listenerCount(event: string): number
}

/** The ring queue of mysql2. */
export interface Queue<T> {
  readonly length: number
  get(index: number): T | undefined
  removeOne(index: number): T | undefined
  unshift(item: T): unknown
}

export interface MysqlConnection extends EventEmitter {
  readonly config: object
  readonly threadId: number | null
  readonly stream: Socket
  readonly _command: Command | null | undefined
  readonly _commands: Queue<Command>
  addCommand(command: Command): Command
  handlePacket(packet?: unknown): void
  execute(...args: unknown[]): Command
  query(sql: string, callback?: Callback): Command
  connect(callback?: Callback): void
  promise(): object
  release?(): void
  destroy(): void
}

export interface MysqlPool extends EventEmitter {
  readonly _connectionQueue: Queue<unknown>
  getConnection(callback: Callback): void
  releaseConnection(connection: MysqlConnection): void
  promise(): object
}
