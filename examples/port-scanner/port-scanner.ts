// A port scanner: which ports of this machine have somebody who answers?
import { connect, mapUnordered } from 'greenhouse'

const HOST = '127.0.0.1'
const CLOSED = new Set<string | undefined>(['ECONNREFUSED', 'GH_TIMEOUT'])

/** Gives the open ones of these ports, as they are found. */
export async function* openPorts(ports: Iterable<number>): AsyncGenerator<number> {
  for await (const port of mapUnordered(openPort, ports, { concurrency: 200 })) {
    if (port !== null) yield port
  }
}

async function openPort(port: number): Promise<number | null> {
  try {
    const socket = await connect({ host: HOST, port }, { timeoutMs: 1000 })
    socket.close()
    return port
  } catch (error) {
    if (CLOSED.has((error as NodeJS.ErrnoException).code)) return null
    throw error
  }
}
