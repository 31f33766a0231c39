// The load of the echo benchmark where no C compiler is: the same as load.c, and slower, so that it may be what is measured.
import { connect } from 'node:net'
import { once } from 'node:events'

const [port, count, what, ms] = process.argv.slice(2)
const idle = what === 'idle'
const size = idle ? 64 : Number(what)
const message = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + 7) & 255))
const latencies = []
let begun = false
let messages = 0

const clients = []
for (let i = 0; i < Number(count); i++) {
  const client = {
    socket: connect({ host: '127.0.0.1', port: Number(port), noDelay: true }),
    got: 0,
  }
  client.socket.on('error', fail)
  await once(client.socket, 'connect')
  clients.push(client)
  await new Promise((resolve) => {
    client.whole = resolve
    client.socket.on('data', (chunk) => receive(client, chunk))
    ask(client)
  })
}
if (idle) {
  console.log('begin')
  process.stdin.on('end', () => process.exit()).resume()
} else {
  for (const client of clients) {
    client.starved = true
    client.whole = () => {
      if (begun) {
        messages++
        client.starved = false
        latencies.push((performance.now() - client.sinceMs) * 1000)
      }
      ask(client)
    }
    ask(client)
  }
  await pause(700)
  begun = true
  const beginMs = performance.now()
  console.log('begin')
  await pause(Number(ms))
  const seconds = (performance.now() - beginMs) / 1000
  latencies.sort((a, b) => a - b)
  const p99 = Math.round(latencies[Math.floor(latencies.length * 0.99)])
  const starved = clients.filter((client) => client.starved).length
  process.stdout.write(`${JSON.stringify({ messages, seconds, p99, starved })}\n`, () =>
    process.exit(),
  )
}

function ask(client) {
  client.got = 0
  client.sinceMs = performance.now()
  client.socket.write(message)
}

function receive(client, chunk) {
  if (!chunk.equals(message.subarray(client.got, client.got + chunk.length)))
    fail('other bytes came back')
  client.got += chunk.length
  if (client.got === size) client.whole()
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function fail(error) {
  console.error('load:', error)
  process.exit(2)
}
