// What the adapter uses of pg 8, by shape. Names that begin with an underscore are internal to it: where one is missing,
// the adapter falls back to discarding the connection.
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Callback } from '../core/call.ts'

export interface PgLibrary {
  readonly Client: { prototype: PgClient; readonly Query: PgQueryClass }
  readonly Pool: { prototype: PgPool }
  readonly Connection: new (options: object) => PgConnection
}

export type PgQueryClass = new (
  config: unknown,
  values: unknown,
  callback: unknown,
) => Submittable & { callback?: Callback; query_timeout?: unknown }

/** What a client can be given to run: a query, cursor or stream. */
export interface Submittable {
  submit(connection: PgConnection): unknown
  on?(event: 'error', listener: () => void): unknown
  handleDataRow(...args: unknown[]): void
  handleError(error: unknown, connection: PgConnection): void
  handleReadyForQuery(connection: PgConnection): void
}

export interface PgConnection extends EventEmitter {
  readonly stream: Socket
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}

export interface PgClient {
  readonly host: string
  readonly port: number
  readonly ssl: unknown
  readonly sslNegotiation?: string
  readonly processID: number | null
  readonly secretKey: number | null
  readonly connection: PgConnection
  readonly pipeline?: boolean
  readonly _Promise?: PromiseConstructor
  readonly readyForQuery?: boolean
  readonly _ending: boolean
  readonly _queryQueue?: Submittable[]
  readonly queryQueue: Submittable[]
  readonly _activeQuery?: Submittable | null
  readonly activeQuery?: Submittable | null
  _pulseQueryQueue?(): void
  query(config: unknown, values?: unknown, callback?: unknown): unknown
  connect(callback?: Callback): Promise<unknown> | undefined
  end(callback?: () => void): unknown
}

export interface PgPool {
  readonly Promise?: PromiseConstructor
  readonly _pendingQueue?: object[]
  connect(callback?: Callback): Promise<unknown> | undefined
  query(text: unknown, values?: unknown, callback?: unknown): Promise<unknown> | undefined
  newClient(pending: object): unknown
  _release(client: PgClient, idleListener: unknown, error?: unknown): unknown
}
