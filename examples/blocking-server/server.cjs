// A server that was written to block, and knows nothing of greenhouse. Under plain node a request for /report holds up all
// others for half a second; run green, only itself:
//
//   npx greenhouse run examples/blocking-server/server.cjs 8080
const { execSync } = require('node:child_process')
const { readFileSync, writeFileSync, mkdtempSync } = require('node:fs')
const { createServer } = require('node:http')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { gzipSync } = require('node:zlib')

const folder = mkdtempSync(join(tmpdir(), 'blocking-server-'))

const pages = {
  '/report'() {
    return execSync('sleep 0.5; echo a report', { encoding: 'utf8' })
  },
  '/page'() {
    return readFileSync(__filename, 'utf8')
  },
  '/zip'() {
    return gzipSync(readFileSync(__filename)).toString('base64')
  },
  '/note'(request) {
    const file = join(folder, 'note')
    writeFileSync(file, String(request.headers['x-note']))
    return readFileSync(file, 'utf8')
  },
  '/error'() {
    return readFileSync('/no/such/file')
  },
}

const server = createServer((request, response) => {
  const page = pages[request.url]
  if (page === undefined) {
    response.statusCode = 404
    response.end('no such page\n')
    return
  }
  try {
    response.end(page(request))
  } catch (error) {
    response.statusCode = 500
    response.end(`${error.code}\n`)
  }
})

server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})

process.on('SIGTERM', () => {
  server.close(() => console.log('closed'))
})
