// One program over scheduler, util, io and pool through this package alone: what compat wires together works together.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  connect,
  DatagramSocket,
  Event,
  getCurrent,
  Group,
  Local,
  map,
  moveOnAfter,
  open,
  pauseFor,
  Pool,
  Queue,
  runProcess,
  schedule,
  serveHttp,
  StreamServer,
  wait,
  withTimeout,
  type Address,
  type Scope,
} from 'greenhouse'

const folder = mkdtempSync(join(tmpdir(), 'greenhouse-together-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('one program over every package', () => {
  it('serves words over TCP, asks for them from a pool, and writes them down', async () => {
    const user = new Local<{ id: string }>()
    const log = new Queue<string>()

    // A server of lines: `upper word` is answered by `WORD`; each connection has a greenlet and values of its own.
    const server = new StreamServer(
      async (socket) => {
        const file = socket.makeFile('rw', { encoding: 'utf8', bufferBytes: 0 })
        user.id = (await file.readline()).trim()
        for await (const line of file) {
          await pauseFor(1)
          await log.put(`${user.id} ${line.trim()}`)
          await file.write(line.toUpperCase())
        }
      },
      { concurrency: 3 },
    )
    const address = await server.start('127.0.0.1:0')

    const ask = async (address: Address, client: string, words: string[]) => {
      const socket = await connect(address, { timeoutMs: 10_000 })
      try {
        await socket.sendAll(Buffer.from(`${client}\n${words.join('\n')}\n`))
        await socket.shutdown()
        return (await socket.makeFile('r', { encoding: 'utf8' }).readlines()).map((line) =>
          line.trim(),
        )
      } finally {
        socket.close()
      }
    }

    // Five clients by an ordered map, in generator and async greenlets.
    const path = join(folder, 'words')
    const clients = ['ann', 'bob', 'cid', 'dot', 'eve']
    const answers = await map((client) => ask(address, client, [client, 'tea']), clients, {
      concurrency: 5,
    }).toArray()
    expect(answers).toEqual(clients.map((client) => [client.toUpperCase(), 'TEA']))
    log.close()
    const heard: string[] = []
    for await (const line of log) heard.push(line)
    expect(heard.sort()).toEqual(
      clients.flatMap((client) => [`${client} ${client}`, `${client} tea`]),
    )

    const writer = schedule(function* () {
      const file = yield* open(path, 'w')
      for (const words of answers) yield* file.write(`${words.join(' ')}\n`)
      yield* file.close()
      return (yield* runProcess('sort', ['-r', path], { encoding: 'utf8' })).stdout
    })
    expect(await writer.join()).toBe('EVE TEA\nDOT TEA\nCID TEA\nBOB TEA\nANN TEA\n')
    expect(await server.stop()).toBe(true)
  })

  it('has one notion of who runs and what is cut off, from pool to socket', async () => {
    const greenlets = new Set<unknown>()
    const ended = new Event()
    let slow: Scope | undefined
    const server = serveHttp(async (request, response) => {
      greenlets.add(getCurrent())
      try {
        if (request.url === '/slow') {
          // Its time is up when it has come, however late that is.
          slow!.extend(1)
          await pauseFor(60_000)
        }
        response.end(request.url)
      } finally {
        if (request.url === '/slow') ended.set()
      }
    })
    const { port } = await server.start('127.0.0.1:0')
    const pool = new Pool(
      async (path: string) => {
        greenlets.add(getCurrent())
        return moveOnAfter(60_000, async (scope) => {
          if (path === '/slow') slow = scope
          const { signal } = scope
          const response = await wait(fetch(`http://127.0.0.1:${port}${path}`, { signal }))
          return wait(response.text())
        })
      },
      { concurrency: 2 },
    )
    const results = await pool.use(async () => {
      for (const path of ['/a', '/slow', '/b']) await pool.put(path)
      return [await pool.get(), await pool.get(), await pool.get()]
    })
    expect(new Set(results)).toEqual(new Set(['/a', '/b', undefined]))
    expect(await ended.wait({ timeoutMs: 10_000 })).toBe(true)
    expect(greenlets.size).toBe(5)
    await server.stop()
    expect(server.statistics()).toMatchObject({ served: 2, broken: 1, active: 0 })
  })

  it('ends every kind of wait of a group at once', async () => {
    const socket = new DatagramSocket()
    await socket.bind('127.0.0.1:0')
    const queue = new Queue<never>()
    const server = new StreamServer((connection) => connection.recv())
    const client = await connect(await server.start('127.0.0.1:0'))
    const waits = [
      () => socket.recv(),
      () => queue.get(),
      () => client.recv(),
      () => pauseFor(60_000),
      () => runProcess(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { graceMs: 100 }),
    ]
    const running = withTimeout(50, () =>
      Group.run(async (group) => {
        for (const start of waits) group.schedule(async () => void (await start()))
      }),
    )
    await expect(running).rejects.toThrow(expect.objectContaining({ code: 'GH_TIMEOUT' }))
    expect([socket.statistics().readers, queue.statistics().getters]).toEqual([0, 0])
    socket.close()
    client.close()
    await server.stop()
  })
})
