// URLs that fail, one for each way to fail.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export async function failingUrls(origin: string): Promise<string[]> {
  const deadPort = await unusedPort()
  const dead = `http://127.0.0.1:${deadPort}/`
  return [dead, `${origin}/silent`, `${origin}/missing`, `${origin}/cut`]
}

/** A port of this host at which nothing listens any more. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
