// The adapter of amqplib, for RabbitMQ, with promises and with callbacks: calls on channels belong to their callers'
// scopes. Replies come in the order of the calls, so that of a cancelled one is dropped in its place.
import { wrongType } from '@greenhouse/scheduler/kernel'
import { connectOf } from './amqplib/connect.ts'
import { patchOnce } from './core/patches.ts'

/**
 * Makes the calls on the channels of amqplib belong to the greenlet or scope that makes them.
 *
 * When the scope is cancelled or times out, its calls fail at once with the scope's reason. A call that waits for its
 * turn on the channel is never sent; what has been sent is done by the server, and given back where it can be: a message
 * that `get` takes too late is requeued, a consumer that starts too late is cancelled, a connection or channel that opens
 * too late is closed. Callbacks of `consume` run in the context of the caller. Connections are made outside every scope.
 *
 * It reaches connections made by `connect` afterwards; those with automatic recovery are not reached.
 *
 * @param amqplib The module object: `require('amqplib')` or `require('amqplib/callback_api')`.
 * @returns A function that undoes it exactly.
 * @throws {GH_INVALID_ARGUMENT} when `amqplib` is something else.
 *
 * @example
 * ```ts no-run
 * import amqplib from 'amqplib'
 * import { withTimeout } from '@greenhouse/scheduler'
 * import { patchAmqplib } from '@greenhouse/emulation/ext/amqplib'
 *
 * patchAmqplib(amqplib)
 * const connection = await amqplib.connect('amqp://127.0.0.1')
 * const channel = await withTimeout(500, () => connection.createChannel())
 * ```
 */
export function patchAmqplib(amqplib: object): () => void {
  const library = libraryOf(amqplib)
  return patchOnce(library, 'connect', (patches) => {
    patches.replace(library, 'connect', connectOf(patches))
  })
}

function libraryOf(amqplib: object): object {
  for (const candidate of [amqplib, (amqplib as { default?: object } | undefined)?.default]) {
    const library = candidate as { connect?: unknown; credentials?: unknown } | undefined
    const own = library !== undefined && Object.getOwnPropertyDescriptor(library, 'connect')
    if (own && own.configurable === true && library.credentials !== undefined) return library
  }
  return wrongType('amqplib', 'the module object of amqplib', amqplib)
}
