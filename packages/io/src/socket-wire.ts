// The Node socket below a Socket. It reads into memory shared by all of them and hands the bytes straight on, past the
// machinery of Node's streams, which it enters again only when it is released. All wires use the public overridable methods
// of streams (`push`, `_read`, `_write`, `_destroy`) and the `onread` option.
import { constants } from 'node:os'
import { Socket as NodeSocket, type OnReadOpts, type SocketConstructorOpts } from 'node:net'
import { systemError } from './socket-errors.ts'
import { copyOf } from './socket-inbox.ts'

/** Who hears of what happens below. */
export interface WireOwner {
  /** Bytes have come, in shared memory: to be copied before this returns. Gives false when reading is to stop. */
  received(bytes: Uint8Array, length: number): boolean
  /** As `received`, with bytes that are nobody else's. */
  receivedOwn(chunk: Buffer): boolean
  /** The peer's end of the stream has come. */
  endCame(): void
  /** It is destroyed; with an error when that is the reason. */
  lost(error: Error | null): void
}

export class Wire extends NodeSocket {
  owner: WireOwner | null

  constructor(owner: WireOwner | null, handle?: unknown) {
    super({ handle, allowHalfOpen: true, manualStart: true, onread: ONREAD } as WireOptions)
    this.owner = owner
  }

  override push(chunk: unknown): boolean {
    const { owner } = this
    if (owner === null) return super.push(chunk)
    if (chunk !== null) return owner.receivedOwn(chunk as Buffer)
    if (wasReset(this)) this.destroy(systemError('ECONNRESET', 'read'))
    else owner.endCame()
    return false
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { owner } = this
    if (owner === null) return super._destroy(error, callback)
    // An error is the owner's to report: no 'error' event.
    super._destroy(error, () => callback(null))
    owner.lost(error)
  }

  /** @internal */
  received(length: number, bytes: Uint8Array): boolean {
    const { owner } = this
    return owner === null ? super.push(copyOf(bytes, length)) : owner.received(bytes, length)
  }
}

/**
 * Whether what Node calls the end of the stream is a reset: that has the same look when it comes right behind some bytes. A
 * connection that neither side has closed has a peer as long as it was not reset.
 */
export function wasReset(socket: NodeSocket): boolean {
  if (socket.writableEnded) return false
  const { _handle } = socket as { _handle?: { getpeername?: (into: object) => number } | null }
  return _handle?.getpeername?.({}) === -constants.errno.ENOTCONN
}

interface WireOptions extends SocketConstructorOpts {
  readonly handle: unknown
  readonly manualStart: boolean
}

/** One read is handed on before the next begins: one piece of memory does for all. */
const ONREAD: OnReadOpts = {
  buffer: Buffer.allocUnsafeSlow(65_536),
  callback(this: Wire, length: number, bytes: Uint8Array) {
    return this.received(length, bytes)
  },
}
