// The adapter of amqplib, against a real RabbitMQ.
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { end, getCurrent, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchAmqplib } from '../../src/ext/amqplib.ts'
import { LATEST_MS, stress } from './stress.ts'
import {
  describeClient,
  loadClient,
  service,
  sockets,
  timed,
  until,
  type Library,
} from './support.ts'

const server = service('AMQP', 5672)
const AT_ONCE_MS = 1000

/** Ends a greenlet in a call that has just begun. */
async function cut(call: () => PromiseLike<unknown>): ReturnType<typeof timed> {
  const greenlet = schedule(async () => call())
  await pause()
  end(greenlet)
  return timed(() => greenlet.join())
}

await describeClient('patchAmqplib', 'amqplib', server, (amqplib) => {
  const user = process.env['GREENHOUSE_AMQP_USER'] ?? 'guest'
  const password = process.env['GREENHOUSE_AMQP_PASSWORD'] ?? 'guest'
  const url = `amqp://${user}:${password}@${server.host}:${server.port}`
  const callbacks = loadClient('amqplib/callback_api')
  const name = (what: string): string => `gh-ext-${process.pid}-${what}`
  let undo: () => void
  let undoCallbacks: () => void
  let connection: Library
  let channel: Library
  let before: number
  const queue = async (what: string): Promise<string> =>
    (await channel.assertQueue(name(what), { exclusive: true })).queue

  beforeAll(() => {
    undo = patchAmqplib(amqplib)
    undoCallbacks = patchAmqplib(callbacks)
  })
  beforeEach(async () => {
    before = sockets()
    connection = await amqplib.connect(url)
    channel = await connection.createChannel()
  })
  afterEach(async () => {
    await connection.close()
    await until(() => sockets() <= before, 'no socket is left')
  })
  afterAll(() => {
    undo()
    undoCallbacks()
  })

  it('answers a cancelled call at once, and keeps the replies of the others in order', async () => {
    const jobs = await queue('order')
    const calls = Array.from({ length: 40 }, (_, i) => {
      const call = () => channel.assertQueue(name(`order-${i}`), { exclusive: true })
      return i % 2 === 0 ? cut(call) : schedule(call).join()
    })
    for (const [i, outcome] of (await Promise.all(calls)).entries()) {
      if (i % 2 === 0) expect(outcome).toMatchObject({ error: { code: 'GH_EXIT' } })
      else expect(outcome).toMatchObject({ queue: name(`order-${i}`) })
    }
    expect(await channel.checkQueue(jobs)).toMatchObject({ queue: jobs, messageCount: 0 })
    expect(channel.pending).toEqual([])
  })

  it('requeues a message that comes too late', async () => {
    const jobs = await queue('late')
    for (const text of ['first', '']) {
      channel.sendToQueue(jobs, Buffer.from(text))
      await until(async () => (await channel.checkQueue(jobs)).messageCount === 1, 'it is there')
      const { error } = await cut(() => channel.get(jobs))
      expect(error).toMatchObject({ code: 'GH_EXIT' })
      await until(async () => (await channel.checkQueue(jobs)).messageCount === 1, 'it is back')
      const message = await channel.get(jobs)
      expect(message.content.toString()).toBe(text)
      channel.ack(message)
    }
  })

  it('cancels a consumer that starts too late', async () => {
    const jobs = await queue('consume')
    channel.sendToQueue(jobs, Buffer.from('job'))
    const seen: unknown[] = []
    const { error } = await cut(() =>
      channel.consume(jobs, (message: unknown) => seen.push(message)),
    )
    expect(error).toMatchObject({ code: 'GH_EXIT' })
    await until(async () => {
      const { consumerCount, messageCount } = await channel.checkQueue(jobs)
      return consumerCount === 0 && messageCount === 1
    }, 'nobody consumes, and the job is back')
    expect(seen).toEqual([])
  })

  it('ends a greenlet in its call, and the calls of a group that fails', async () => {
    const jobs = await queue('ends')
    const slow = async (): Promise<void> => {
      for (;;) await channel.checkQueue(jobs)
    }
    const greenlet = schedule(slow)
    await new Promise((resolve) => setTimeout(resolve, 20))
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    const failure = new Error('one failed')
    await expect(
      Group.run(async (group) => {
        group.schedule(slow)
        await pause()
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(await channel.checkQueue(jobs)).toMatchObject({ queue: jobs })
  })

  it('gives messages to a consumer in its own context', async () => {
    const jobs = await queue('context')
    const greenlets: unknown[] = []
    const greenlet = schedule(async () => {
      const done = new Promise<void>((resolve) => {
        void channel.consume(jobs, () => {
          greenlets.push(getCurrent())
          resolve()
        })
      })
      channel.sendToQueue(jobs, Buffer.from('job'))
      await done
    })
    await greenlet.join()
    expect(greenlets).toEqual([greenlet])
  })

  it('closes a channel that opens too late, and gives up a connect', async () => {
    const { error } = await cut(() => connection.createChannel())
    expect(error).toMatchObject({ code: 'GH_EXIT' })
    await until(
      () => connection.connection.channels.filter(Boolean).length === 2,
      'two channels: that of the protocol, and ours',
    )
    const mute = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const { port } = mute.address() as { port: number }
    const late = await timed(() =>
      withTimeout(30, () => amqplib.connect(`amqp://127.0.0.1:${port}`, { timeout: 100 })),
    )
    expect(late.error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(late.ms).toBeLessThan(AT_ONCE_MS)
    await new Promise((resolve) => mute.close(resolve))
  })

  it('waits for confirms in the scope that asks', async () => {
    const confirms = await connection.createConfirmChannel()
    const jobs = await queue('confirms')
    await schedule(async () => {
      for (let i = 0; i < 10; i++) confirms.sendToQueue(jobs, Buffer.from(`${i}`))
      await confirms.waitForConfirms()
    }).join()
    const calls: unknown[] = []
    await cut(
      () =>
        new Promise<void>((_resolve, reject) => {
          confirms.sendToQueue(jobs, Buffer.from('x'), {}, (failure: Error) => {
            calls.push(failure)
            reject(failure)
          })
        }),
    )
    await confirms.waitForConfirms()
    expect(calls).toMatchObject([{ code: 'GH_EXIT' }])
  })

  it('does the same with callbacks', async () => {
    const made: Library = await new Promise((resolve, reject) => {
      callbacks.connect(url, (error: Error | null, model: Library) =>
        error === null ? resolve(model) : reject(error),
      )
    })
    const calls: unknown[] = []
    const { error } = await timed(() =>
      withTimeout(200, async () => {
        const opened: Library = await new Promise((resolve, reject) => {
          made.createChannel((failure: Error | null, done: Library) =>
            failure === null ? resolve(done) : reject(failure),
          )
        })
        const ask = (): Promise<void> =>
          new Promise((resolve, reject) => {
            opened.assertQueue(name('back'), { exclusive: true }, (failure: Error | null) => {
              if (failure !== null) calls.push(failure)
              if (failure === null) resolve()
              else reject(failure)
            })
          })
        for (;;) await ask()
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(calls).toEqual([error])
    await new Promise((resolve) => made.close(resolve))
  })

  it.each([61, 62])('keeps every answer and message on ten channels (seed %i)', async (seed) => {
    const channels: Library[] = []
    for (let i = 0; i < 10; i++) channels.push(await connection.createChannel())
    const jobs = await queue(`stress-${seed}`)
    let sent = 0
    let got = 0
    const flow = {
      async ask(question: number): Promise<number> {
        const one = channels[question % 10]
        if (question % 3 === 0) {
          one.sendToQueue(jobs, Buffer.from('job'))
          sent++
          const message = await one.get(jobs)
          if (message !== false) {
            one.ack(message)
            got++
          }
        }
        const { queue: made } = await one.assertQueue(name(`q-${question}`), { exclusive: true })
        await one.deleteQueue(made)
        return Number(made.split('-').at(-1))
      },
    }
    const outcome = await stress(flow, { seed, greenlets: 200, rounds: 3, slowestMs: 20 })
    expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
    expect(outcome.cancelled).toBeGreaterThan(50)
    expect(outcome.answered).toBeGreaterThan(50)
    expect(outcome.latestMs).toBeLessThan(LATEST_MS)
    await Promise.all(channels.map((one) => one.checkQueue(jobs)))
    await until(
      async () => (await channel.checkQueue(jobs)).messageCount === sent - got,
      'what nobody got is there',
    )
  })

  it('undoes itself exactly, once for all', () => {
    expect(patchAmqplib(amqplib)).toBe(undo)
    const proto = Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(channel)))
    const patched = proto.sendOrEnqueue
    undo()
    undoCallbacks()
    expect(proto.sendOrEnqueue).not.toBe(patched)
    const original = Object.getOwnPropertyDescriptor(amqplib, 'connect')
    undo = patchAmqplib({ default: amqplib })
    undoCallbacks = patchAmqplib(callbacks)
    expect(amqplib.connect).not.toBe(original?.value)
    undo()
    expect(Object.getOwnPropertyDescriptor(amqplib, 'connect')).toEqual(original)
    undo = patchAmqplib(amqplib)
    expect(() => patchAmqplib({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
