// The adapter of nats, against a real server.
import { createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { end, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchNats } from '../../src/ext/nats.ts'
import { LATEST_MS, stress } from './stress.ts'
import { describeClient, service, sockets, timed, until, type Library } from './support.ts'

const server = service('NATS', 4222)
const AT_ONCE_MS = 1000

await describeClient('patchNats', 'nats', server, (nats) => {
  const subject = (what: string): string => `gh-ext-${process.pid}.${what}`
  const settings = { servers: `${server.host}:${server.port}` }
  const codec = nats.StringCodec()
  let undo: () => void
  let connection: Library
  let responder: Library
  let asked = 0
  let before: number

  beforeAll(() => {
    undo = patchNats(nats)
  })
  beforeEach(async () => {
    before = sockets()
    asked = 0
    connection = await nats.connect(settings)
    responder = await nats.connect(settings)
    // `answer.<ms>` answers what it is asked after that time; `never` does not.
    responder.subscribe(subject('answer.*'), {
      callback: (_error: unknown, message: Library) => {
        asked++
        setTimeout(() => message.respond(message.data), Number(message.subject.split('.').at(-1)))
      },
    })
    responder.subscribe(subject('never'), {
      callback: () => {
        asked++
      },
    })
    await responder.flush()
  })
  afterEach(async () => {
    await connection.close()
    await responder.close()
    await until(() => sockets() <= before, 'no socket is left')
  })
  afterAll(() => undo())

  const ask = async (question: string, waitMs = 0): Promise<string> => {
    const answer = await connection.request(subject(`answer.${waitMs}`), codec.encode(question), {
      timeout: 30_000,
    })
    return codec.decode(answer.data)
  }
  const never = (options: object = {}): Promise<unknown> =>
    connection.request(subject('never'), codec.encode('x'), { timeout: 30_000, ...options })

  it.each([{}, { noMux: true }])('rejects a request at its deadline (%j)', async (options) => {
    const { ms, error } = await timed(() => withTimeout(50, () => never(options)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect(await ask('again')).toBe('again')
    if (!('noMux' in options)) expect(connection.protocol.muxSubscriptions.size()).toBe(0)
  })

  it('ends a greenlet in its request, and the requests of a group that fails', async () => {
    const greenlet = schedule(async () => never())
    await until(() => asked === 1, 'it is asked')
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    const failure = new Error('one failed')
    await expect(
      Group.run(async (group) => {
        for (let i = 0; i < 3; i++) group.schedule(() => never())
        await pause()
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(connection.protocol.muxSubscriptions.size()).toBe(0)
    expect(await schedule(async () => ask('inside')).join()).toBe('inside')
  })

  it('ends a loop over messages, and its subscription', async () => {
    const messages = connection.subscribe(subject('loop'))
    // The server knows of it before another connection publishes.
    await connection.flush()
    const seen: string[] = []
    const { error, ms } = await timed(() =>
      withTimeout(300, async () => {
        responder.publish(subject('loop'), codec.encode('one'))
        responder.publish(subject('loop'), codec.encode('two'))
        for await (const message of messages) seen.push(codec.decode(message.data))
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect(seen).toEqual(['one', 'two'])
    expect(messages.isClosed()).toBe(true)
    // Outside every scope, and left by its own choice.
    const others = connection.subscribe(subject('loop'))
    await connection.flush()
    responder.publish(subject('loop'), codec.encode('three'))
    for await (const message of others) {
      seen.push(codec.decode(message.data))
      break
    }
    expect(seen).toEqual(['one', 'two', 'three'])
  })

  it('reaches JetStream', async () => {
    const manager = await connection.jetstreamManager()
    const stream = `GH_EXT_${process.pid}`
    await manager.streams.add({ name: stream, subjects: [subject('stream')], storage: 'memory' })
    try {
      await schedule(async () => {
        await connection.jetstream().publish(subject('stream'), codec.encode('stored'))
      }).join()
      await manager.consumers.add(stream, { durable_name: 'reader', ack_policy: 'explicit' })
      const consumer = await connection.jetstream().consumers.get(stream, 'reader')
      const seen: string[] = []
      const { error } = await timed(() =>
        withTimeout(150, async () => {
          for await (const message of await consumer.consume()) {
            seen.push(codec.decode(message.data))
            message.ack()
          }
        }),
      )
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(seen).toEqual(['stored'])
    } finally {
      await manager.streams.delete(stream)
    }
  })

  it('gives up a connect', async () => {
    const accepted: Socket[] = []
    const mute = createServer((socket) => accepted.push(socket.resume())).listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const { port } = mute.address() as { port: number }
    const options = { servers: `127.0.0.1:${port}`, timeout: 200, reconnect: false }
    const { ms, error } = await timed(() => withTimeout(30, () => nats.connect(options)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    // nats itself leaves the socket of such a connect open.
    for (const socket of accepted) socket.destroy()
    await new Promise((resolve) => mute.close(resolve))
  })

  it.each([71, 72])('keeps every answer on ten connections (seed %i)', async (seed) => {
    const pool = await Promise.all(Array.from({ length: 10 }, () => nats.connect(settings)))
    const flow = {
      async ask(question: number, serverMs: number): Promise<number> {
        const answer = await pool[question % 10].request(
          subject(`answer.${Math.round(serverMs)}`),
          codec.encode(`${question}`),
          { timeout: 30_000 },
        )
        return Number(codec.decode(answer.data))
      },
    }
    const outcome = await stress(flow, { seed, greenlets: 200, rounds: 8, slowestMs: 10 })
    expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
    expect(outcome.cancelled).toBeGreaterThan(100)
    expect(outcome.answered).toBeGreaterThan(300)
    expect(outcome.latestMs).toBeLessThan(LATEST_MS)
    for (const one of pool) {
      expect(one.protocol.muxSubscriptions.size()).toBe(0)
      expect(await one.rtt()).toBeGreaterThanOrEqual(0)
      await one.close()
    }
  })

  it('undoes itself exactly, once for all', () => {
    expect(patchNats(nats)).toBe(undo)
    undo()
    const original = Object.getOwnPropertyDescriptor(nats, 'connect')
    expect(original).toMatchObject({ set: undefined, enumerable: true })
    undo = patchNats({ default: nats })
    expect(Object.getOwnPropertyDescriptor(nats, 'connect')).not.toEqual(original)
    undo()
    expect(Object.getOwnPropertyDescriptor(nats, 'connect')).toEqual(original)
    undo = patchNats(nats)
    expect(() => patchNats({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
