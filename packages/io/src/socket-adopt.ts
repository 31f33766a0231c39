// A Node stream that was made elsewhere, put below a Socket: a `net.Socket` or `tls.TLSSocket` past the machinery of Node's
// streams, as wires are; any other Duplex through its events.
import { Socket as NodeSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { systemError } from './socket-errors.ts'
import type { SocketStream } from './socket-stream.ts'
import { wasReset } from './socket-wire.ts'

const OWNER: unique symbol = Symbol('owner')

interface Owned extends Duplex {
  [OWNER]: SocketStream
}

/** Puts a stream below a socket, and takes over what it has read already. */
export function adopt(socket: SocketStream, raw: Duplex): void {
  const owned = raw as Owned
  socket.native = raw instanceof NodeSocket
  socket.raw = raw
  owned[OWNER] = socket
  raw.on('error', onError)
  raw.on('close', onClose)
  const ended = raw.readableEnded || raw.readable === false
  if (socket.native) owned.push = push
  else raw.pause()
  // Before anybody listens: `read` tells listeners as well.
  if (raw.readableLength > 0) {
    for (let chunk: unknown; (chunk = raw.read()) !== null;) socket.receivedOwn(bytesOf(chunk))
  }
  if (!socket.native) {
    raw.on('data', onData)
    raw.on('end', onEnd)
    raw.pause()
  }
  if (raw.writableLength > 0) finishWrites(socket, raw)
  if (ended || (socket.native && endIsBuffered(raw))) socket.endCame()
}

/** Lets what was written to the stream go out first: a second write to the system beside it would be one too many. */
function finishWrites(socket: SocketStream, raw: Duplex): void {
  const { outbox } = socket
  outbox.busy = true
  raw.write(NOTHING, outbox.done)
}

const NOTHING = new Uint8Array(0)

/** Takes the stream away from its socket again: it is as Node made it. */
export function disown(raw: Duplex): void {
  raw.off('error', onError)
  raw.off('close', onClose)
  raw.off('data', onData)
  raw.off('end', onEnd)
  if (Object.hasOwn(raw, 'push')) delete (raw as { push?: unknown }).push
}

function push(this: Owned, chunk: unknown): boolean {
  if (chunk !== null) return this[OWNER].receivedOwn(bytesOf(chunk))
  if (wasReset(this as unknown as NodeSocket)) this.destroy(systemError('ECONNRESET', 'read'))
  else this[OWNER].endCame()
  return false
}

function onData(this: Owned, chunk: unknown): void {
  if (!this[OWNER].receivedOwn(bytesOf(chunk))) this.pause()
}

function onEnd(this: Owned): void {
  this[OWNER].endCame()
}

function onError(this: Owned, error: Error): void {
  this[OWNER].lost(error)
}

function onClose(this: Owned): void {
  this[OWNER].lost(null)
}

function bytesOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk
  const { buffer, byteOffset, byteLength } = chunk as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Whether the end has come although nobody was told yet, since there was something to read before it. */
function endIsBuffered(raw: Duplex): boolean {
  return (raw as { _readableState?: { ended?: boolean } })._readableState?.ended === true
}
