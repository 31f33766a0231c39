// The promise face of mysql2, as far as its promises may be left without a consumer by an abort.
import { inScope } from '@greenhouse/scheduler/kernel'
import { consumer, type Settle } from '../core/call.ts'

type Method = (sql: unknown, values?: unknown, callback?: Settle) => unknown
type Core = Record<'query' | 'execute', Method>
interface Face {
  readonly pool: Core
  readonly connection: Core
  readonly Promise: PromiseConstructor
}

/** query and execute of a promise pool or connection. */
export function faceOf(core: 'pool' | 'connection', method: 'query' | 'execute') {
  return (original: Method): Method =>
    function (this: Face, sql, values) {
      if (!inScope() || typeof values === 'function') return original.call(this, sql, values)
      const { settle, result } = consumer(undefined, { PromiseClass: this.Promise, retrace: true })
      const done: Settle = (error, rows, fields) => settle(error, [rows, fields])
      try {
        if (values === undefined) this[core][method](sql, done)
        else this[core][method](sql, values, done)
      } catch (error) {
        settle(error)
      }
      return result
    }
}
