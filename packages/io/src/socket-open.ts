// The two ways to begin: to connect, and to listen.
import type { Blocking } from '@greenhouse/scheduler'
import { refuse } from '@greenhouse/scheduler/kernel'
import { parseAddress, type AddressLike } from './address.ts'
import { checkListenOptions, Listener, type ListenOptions } from './server-listener.ts'
import { connectSocket } from './socket-connect.ts'
import type { ConnectOptions } from './socket-options.ts'
import { Socket } from './socket.ts'

/**
 * Connects to a server: TCP by name or address, or a UNIX socket.
 *
 * All addresses of a name are tried, a next one when one does not answer at once. Cancelled or timed out, nothing is left.
 *
 * @param address - As for `parseAddress`: `'example.org:80'`, `8080`, `'unix:/run/app.sock'`, `{ host, port }`.
 * @param options - `timeoutMs`, `signal`, `tls`, and how to connect.
 * @returns the socket.
 * @throws as `Socket.connect`.
 * @example
 * ```ts no-run
 * import { connect } from '@greenhouse/io'
 *
 * const socket = await connect('example.org:443', { tls: true, timeoutMs: 5000 })
 * ```
 *
 * Source: greenhouse/emulation, socket.create_connection
 */
export function connect(address: AddressLike, options: ConnectOptions = {}): Blocking<Socket> {
  const socket = new Socket()
  return connectSocket(socket, 'connect', address, options, socket)
}

/**
 * Listens for connections.
 *
 * Cancelled or timed out, nothing is left.
 *
 * @param address - As for `parseAddress`; port 0 for a free one.
 * @param options - `timeoutMs`, `signal`, `backlog`, and how to listen.
 * @returns the listener; `address` is where it listens.
 * @throws {GH_TIMEOUT}, {GH_INVALID_ARGUMENT}, the signal's reason, Node's own errors (EADDRINUSE, EACCES).
 * @example
 * ```ts
 * import { listen } from '@greenhouse/io'
 *
 * const listener = await listen('127.0.0.1:0')
 * console.log(listener.address.host) // => 127.0.0.1
 * listener.close()
 * ```
 */
export function listen(address: AddressLike, options: ListenOptions = {}): Blocking<Listener> {
  const parsed = parseAddress(address)
  checkListenOptions(options)
  const refused = refuse(options)
  if (refused !== null) return refused
  const listener = new Listener(() => new Socket())
  return listener.open('listen', parsed, options, listener)
}
