// The web server of the example. It runs in a process of its own (started by `start-server.ts`), so
// that serving takes no time from the grabbing. It dies with its parent: the IPC channel closes.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makePages, pageBody, type PagesOptions } from './pages.ts'

const options = JSON.parse(process.argv[2] ?? '') as PagesOptions
const pages = new Map(
  makePages(options).map((page) => [page.path, { ...page, body: pageBody(page) }]),
)

const server = createServer((request, response) => {
  const page = pages.get(request.url ?? '')
  if (page) setTimeout(() => response.end(page.body), page.delayMs)
  else if (request.url === '/cut') sendCut(response)
  else if (request.url !== '/silent') response.writeHead(404).end('There is no such page.\n')
  // '/silent' is never answered.
})

function sendCut(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 1000 })
  response.write('Only the beginning of ', () => response.destroy())
}

process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port })
})
