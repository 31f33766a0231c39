// Between Sockets and Node's own streams, both ways.
import { Duplex } from 'node:stream'
import { GreenhouseError } from '@greenhouse/scheduler'
import { wrongType, wrongValue } from '@greenhouse/scheduler/kernel'
import { adopt } from './socket-adopt.ts'
import { releaseRaw } from './socket-secure.ts'
import { OPEN, RELEASED } from './socket-stream.ts'
import type { Socket } from './socket.ts'

/** Puts a stream below a socket that is new. */
export function wrapStream(socket: Socket, stream: unknown): void {
  if (!(stream instanceof Duplex)) wrongType('stream', 'a net.Socket or another Duplex', stream)
  if (stream.readableObjectMode || stream.readableEncoding !== null) {
    wrongValue('stream', 'a stream of bytes, without an encoding', stream)
  }
  if (stream.destroyed) {
    throw new GreenhouseError('GH_CLOSED', 'The stream that was to become a socket is destroyed')
  }
  socket.state = OPEN
  adopt(socket, stream)
}

/** Takes the stream from below a socket, with what was read too early. */
export function releaseStream(socket: Socket): Duplex {
  const { raw, inbox, outbox } = socket
  const error = socket.unusable('toDuplex')
  if (error !== null) throw error
  const reads = inbox.readers !== null && inbox.readers.first !== null
  if (raw === null || reads || outbox.waits) {
    throw new GreenhouseError('GH_INVALID_STATE', 'The socket is being read, sent to or secured')
  }
  const { failure, ended } = inbox
  if (failure !== undefined) throw failure as Error
  const early = inbox.size > 0 ? inbox.takeExactly(inbox.size) : null
  socket.state = RELEASED
  socket.raw = null
  releaseRaw(raw, early)
  // The end was kept from the stream: now it may tell.
  if (ended && !raw.readableEnded) raw.push(null)
  socket.changed()
  return raw
}
