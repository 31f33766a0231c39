// The clients on Node: node client.mjs NAME PORT. Each gets 2,000 URLs, 200 at a time, and checks every body.
const CONCURRENCY = 200
const BYTES = 1024

const clients = {
  greenhouse: byGreenhouse,
  'greenhouse, await': byGreenhouseAwait,
  'limit: net callbacks': byNet,
  'node:http': byNodeHttp,
  'undici.request': byUndici,
  fetch: byFetch,
}

/** An answer with a content-length, as far as it has come. */
class Answer {
  text = ''
  bodyLength = -1

  /** Takes some bytes; gives whether the answer is whole. */
  add(bytes) {
    if (bytes.length === 0) throw new Error('The answer was cut short')
    this.text += bytes.latin1Slice(0, bytes.length)
    const headEnd = this.text.indexOf('\r\n\r\n')
    if (headEnd === -1) return false
    const length = Number(/content-length: (\d+)/i.exec(this.text)[1])
    if (this.text.length < headEnd + 4 + length) return false
    this.bodyLength = this.text.length - headEnd - 4
    return true
  }
}

const [name, port, count] = process.argv.slice(2)
const getAll = await clients[name](Number(port))
await getAll(2 * CONCURRENCY)
const cpuBefore = process.cpuUsage()
const startMs = performance.now()
const lengths = await getAll(Number(count))
const wall = performance.now() - startMs
const { user, system } = process.cpuUsage(cpuBefore)
if (lengths.length !== Number(count) || lengths.some((length) => length !== BYTES)) {
  throw new Error(`Wrong bodies: ${lengths.length} of ${new Set(lengths).size} lengths`)
}
console.log(JSON.stringify({ wall, cpu: (user + system) / Number(count) }))
process.exit()

async function byGreenhouse(port) {
  const { connect } = await import('@greenhouse/io')
  const { map } = await import('@greenhouse/pool')
  const idle = []
  function* get(path) {
    const socket = idle.pop() ?? (yield* connect({ host: '127.0.0.1', port }))
    yield* socket.sendAll(requestFor(path))
    const answer = new Answer()
    while (!answer.add(yield* socket.recv()));
    idle.push(socket)
    return answer.bodyLength
  }
  return (n) => map(get, pathsOf(n), { concurrency: CONCURRENCY }).toArray()
}

async function byGreenhouseAwait(port) {
  const { connect } = await import('@greenhouse/io')
  const { map } = await import('@greenhouse/pool')
  const idle = []
  async function get(path) {
    const socket = idle.pop() ?? (await connect({ host: '127.0.0.1', port }))
    await socket.sendAll(requestFor(path))
    const answer = new Answer()
    while (!answer.add(await socket.recv()));
    idle.push(socket)
    return answer.bodyLength
  }
  return (n) => map(get, pathsOf(n), { concurrency: CONCURRENCY }).toArray()
}

/** The least that speaks HTTP at all. */
async function byNet(port) {
  const { connect } = await import('node:net')
  const idle = []
  const get = (path) =>
    new Promise((resolve, reject) => {
      const known = idle.pop()
      const socket = known ?? connect({ host: '127.0.0.1', port, noDelay: true })
      if (known === undefined) {
        socket.on('data', (chunk) => {
          if (!socket.answer.add(chunk)) return
          idle.push(socket)
          socket.resolve(socket.answer.bodyLength)
        })
        socket.on('error', (error) => socket.reject(error))
      }
      socket.answer = new Answer()
      socket.resolve = resolve
      socket.reject = reject
      socket.write(requestFor(path))
    })
  return inWorkers(get)
}

async function byNodeHttp(port) {
  const { Agent, get: httpGet } = await import('node:http')
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, maxFreeSockets: CONCURRENCY })
  const get = (path) =>
    new Promise((resolve, reject) => {
      httpGet({ host: '127.0.0.1', port, path, agent }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks).length))
        response.on('error', reject)
      }).on('error', reject)
    })
  return inWorkers(get)
}

async function byUndici(port) {
  const { Agent, request } = await import('undici')
  const dispatcher = new Agent({ connections: CONCURRENCY, pipelining: 1 })
  return inWorkers(async (path) => {
    const { body } = await request(`http://127.0.0.1:${port}${path}`, { dispatcher })
    return (await body.text()).length
  })
}

async function byFetch(port) {
  return inWorkers(async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return (await response.text()).length
  })
}

function inWorkers(get) {
  return async (n) => {
    const lengths = []
    const paths = pathsOf(n)
    const work = async () => {
      for (let path; (path = paths.pop()) !== undefined;) lengths.push(await get(path))
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    return lengths
  }
}

function pathsOf(n) {
  return Array.from({ length: n }, (_, i) => `/${i}`)
}

function requestFor(path) {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`, 'latin1')
}
