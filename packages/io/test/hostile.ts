// A peer that means no good: it stands between two ends, and cuts, splits or delays what they say.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Address } from '@greenhouse/io'

export interface HostileOptions {
  /** Resets both connections when so many bytes have passed, counted over both directions. */
  readonly resetAfter?: number
  /** Passes on one byte at a time, each in a segment of its own. */
  readonly byteByByte?: boolean
}

export interface Hostile {
  readonly address: Address
  /** How many bytes have passed. */
  passed(): number
  close(): void
}

/** Listens, and passes on to a server what it hears. */
export async function hostile(to: Address, options: HostileOptions = {}): Promise<Hostile> {
  const { resetAfter = Infinity, byteByByte = false } = options
  let passed = 0
  const sockets = new Set<Socket>()
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const pass = async (from: Socket, into: Socket) => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const room = Math.min(chunk.length, resetAfter - passed)
        passed += room
        if (!byteByByte) into.write(chunk.subarray(0, room))
        for (let i = 0; byteByByte && i < room; i++) {
          into.write(chunk.subarray(i, i + 1))
          await new Promise((resolve) => setImmediate(resolve))
        }
        if (passed === resetAfter) return reset()
      }
      into.end()
    } catch {
      into.destroy()
    }
  }
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: to.host!, port: to.port!, allowHalfOpen: true, noDelay: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    if (resetAfter === 0) return reset()
    void pass(near, far)
    void pass(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { address: host, port } = server.address() as AddressInfo
  return {
    address: { host, port },
    passed: () => passed,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
