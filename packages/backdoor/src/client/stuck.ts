// The client of the stuck line.
import { parseAddress, type AddressLike } from '@greenhouse/io'
import { withTimeout, type Blocking, type Steps } from '@greenhouse/scheduler'
import { stuckAddressOf } from '../stuck/stuck-line.ts'
import { connectBackdoor, type ConnectBackdoorOptions } from './connect.ts'

/**
 * Asks what holds the event loop of a process, of the thread that answers while it is held.
 *
 * @param address - Of the backdoor; its stuck line is beside it.
 * @param options - `token`, `tls`, `timeoutMs`, `signal`.
 * @returns the answer, as text for people: since when, the stack, the greenlets.
 * @throws as `connectBackdoor`.
 */
export function readStuckLine(
  address: AddressLike,
  options: ConnectBackdoorOptions = {},
): Blocking<string> {
  const beside = stuckAddressOf(parseAddress(address))
  return withTimeout(Infinity, () => read(beside, options))
}

function* read(address: AddressLike, options: ConnectBackdoorOptions): Steps<string> {
  const socket = yield* connectBackdoor(address, options)
  try {
    return (yield* socket.makeFile('r').read()).toString()
  } finally {
    socket.close()
  }
}
