// Stage 6: stage 5 with no fetch, and nothing below it but a Socket.
//
// HTTP/1.1 is lines and bytes. Code that blocks reads them in the order in which the standard lists
// them: no callbacks, no state machine, and `withTimeout` covers every wait of it.
import { connect, withTimeout, type Socket } from 'greenhouse'
import type { Answer } from '../grab.ts'

export async function getBySocket(url: string, timeoutMs: number): Promise<Answer> {
  return withTimeout(timeoutMs, async () => {
    const { protocol, hostname, port, host, pathname, search } = new URL(url)
    const tls = protocol === 'https:'
    const address = { host: hostname.replace(/[[\]]/g, ''), port: Number(port || (tls ? 443 : 80)) }
    const socket = await connect(address, { tls })
    try {
      const request = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, 'Connection: close']
      await socket.sendAll(Buffer.from(`${request.join('\r\n')}\r\n\r\n`))
      return await readAnswer(socket)
    } finally {
      socket.close()
    }
  })
}

async function readAnswer(socket: Socket): Promise<Answer> {
  const lines = socket.makeFile('r', { encoding: 'latin1' })
  const [, status, statusText = ''] = (await lines.readline()).trim().split(/ (\d{3}) ?/)
  if (status === undefined) throw new Error('That is no HTTP')
  const headers = new Map<string, string>()
  for (let line; (line = (await lines.readline()).trim()) !== '';) {
    const [name = '', value = ''] = line.split(/: *(.*)/)
    headers.set(name.toLowerCase(), value)
  }
  return { status: Number(status), statusText, body: await readBody(socket, headers) }
}

async function readBody(socket: Socket, headers: Map<string, string>): Promise<Uint8Array> {
  const length = headers.get('content-length')
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(socket)
  // A body that ends early makes `recvExactly` throw GH_EOF.
  if (length !== undefined) return socket.recvExactly(Number(length))
  return socket.makeFile('r').read()
}

async function readChunks(socket: Socket): Promise<Uint8Array> {
  const lines = socket.makeFile('r', { encoding: 'latin1' })
  const chunks: Uint8Array[] = []
  for (let size; (size = parseInt(await lines.readline(), 16)) > 0;) {
    chunks.push(await socket.recvExactly(size))
    await socket.recvExactly(2)
  }
  return Buffer.concat(chunks)
}
