// The adapter of ioredis, against a real server.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { end, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchIoredis } from '../../src/ext/ioredis.ts'
import { LATEST_MS, stress } from './stress.ts'
import { describeClient, service, sockets, timed, until, type Library } from './support.ts'

const server = service('REDIS', 6379)
const AT_ONCE_MS = 1000

await describeClient('patchIoredis', 'ioredis', server, (Redis) => {
  const key = (name: string): string => `gh-ext-${process.pid}:${name}`
  const settings = { ...server, password: process.env['GREENHOUSE_REDIS_PASSWORD'] }
  const label = `gh-ext-${process.pid}`
  let undo: () => void
  let watcher: Library
  const clients: Library[] = []
  const connect = (options: object = {}): Library => {
    const client = new Redis({ ...settings, connectionName: label, ...options })
    clients.push(client)
    return client
  }
  const connections = async (name: string, command?: string): Promise<number> => {
    const list: string = await watcher.client('LIST')
    return list
      .split('\n')
      .filter(
        (line) =>
          line.includes(` name=${name} `) &&
          (command === undefined ||
            (line.includes(` cmd=${command} `) && line.includes('flags=b'))),
      ).length
  }

  beforeAll(() => {
    undo = patchIoredis(Redis)
    watcher = new Redis(settings)
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect()
    await until(async () => (await connections(label)) === 0, 'no connection is left')
  })
  afterAll(async () => {
    const keys = await watcher.keys(key('*'))
    if (keys.length > 0) await watcher.del(keys)
    await watcher.quit()
    undo()
  })

  it('rejects a blocking command at its deadline, and frees its connection', async () => {
    const redis = connect()
    for (let round = 0; round < 3; round++) {
      const { ms, error } = await timed(() => withTimeout(50, () => redis.blpop(key('none'), 0)))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(ms).toBeLessThan(AT_ONCE_MS)
      expect(await redis.echo(`round ${round}`)).toBe(`round ${round}`)
    }
  })

  it('calls back once, with the reason', async () => {
    const redis = connect()
    const calls: unknown[] = []
    const { error } = await timed(() =>
      withTimeout(30, async () => {
        await new Promise<void>((resolve) => {
          redis.blpop(key('none'), 0, (failure: unknown, result: unknown) => {
            calls.push(failure, result)
            resolve()
          })
        })
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    await redis.ping()
    expect(calls).toEqual([error, undefined])
  })

  it('ends a greenlet in its command, and the commands of a group that fails', async () => {
    const redis = connect()
    const greenlet = schedule(async () => redis.blpop(key('none'), 0))
    await until(async () => (await connections(label, 'blpop')) === 1, 'it blocks')
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    await until(async () => (await connections(label, 'blpop')) === 0, 'nothing blocks')
    const failure = new Error('one failed')
    await expect(
      Group.run(async (group) => {
        group.schedule(() => redis.blpop(key('none'), 0))
        await pause()
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(await redis.ping()).toBe('PONG')
  })

  it('spares the blocking commands of others on one connection', async () => {
    const redis = connect()
    await redis.ping()
    const first = timed(() => withTimeout(60, () => redis.blpop(key('none'), 0)))
    const second = timed(() => withTimeout(30, () => redis.blpop(key('none'), 0)))
    const innocent = schedule(() => redis.blpop(key('some'), 0))
    expect((await second).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect((await first).error).toMatchObject({ code: 'GH_TIMEOUT' })
    await until(async () => (await connections(label, 'blpop')) === 1, 'the third blocks')
    await watcher.lpush(key('some'), 'item')
    expect(await innocent.join()).toEqual([key('some'), 'item'])
  })

  it('never sends what was cancelled while it waited for a connection', async () => {
    const redis = connect({ lazyConnect: true, port: 1, retryStrategy: () => 20 })
    redis.on('error', () => {})
    const { ms, error } = await timed(() => withTimeout(30, () => redis.incr(key('count'))))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect(redis.offlineQueue.length).toBe(0)
    const kept = redis.incr(key('count'))
    redis.options.port = server.port
    expect(await kept).toBe(1)
  })

  it('does not send a cancelled command again after a reconnect', async () => {
    const redis = connect({ retryStrategy: () => 10 })
    await redis.ping()
    const { error } = await timed(() => withTimeout(50, () => redis.blpop(key('none'), 0)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    redis.stream.destroy()
    expect(await redis.echo('again')).toBe('again')
    expect(await connections(label, 'blpop')).toBe(0)
  })

  it('makes a pipeline or transaction one call', async () => {
    const redis = connect({ lazyConnect: true, port: 1, retryStrategy: () => 20 })
    redis.on('error', () => {})
    const { error } = await timed(() =>
      withTimeout(30, () => redis.multi().incr(key('m')).incr(key('m')).exec()),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(redis.offlineQueue.length).toBe(0)
    redis.options.port = server.port
    const results = await schedule(async () => [
      await redis.multi().incr(key('m')).incr(key('m')).exec(),
      await redis.pipeline().get(key('m')).lpush(key('m'), 'x').exec(),
    ]).join()
    expect(results).toMatchObject([
      [
        [null, 1],
        [null, 2],
      ],
      [[null, '2'], [{ name: 'ReplyError' }]],
    ])
  })

  it('makes connections outside the scope that first asks', async () => {
    const redis = await schedule(async () => {
      const made = new Redis({ ...settings, connectionName: label })
      clients.push(made)
      await timed(() => withTimeout(0, () => made.ping()))
      return made
    }).join()
    expect(await redis.ping()).toBe('PONG')
    const shared = connect({ enableAutoPipelining: true })
    const pongs = await Promise.all(
      Array.from({ length: 5 }, (_, i) => schedule(() => shared.echo(i)).join()),
    )
    expect(pongs).toEqual(['0', '1', '2', '3', '4'])
  })

  it('answers as ioredis does', async () => {
    const redis = connect()
    await redis.set(key('text'), 'x')
    const told = async (call: () => Promise<unknown>): Promise<unknown> =>
      timed(call).then(({ error, value }) => (error === undefined ? value : `${error as Error}`))
    for (const call of [
      () => redis.get(key('text')),
      () => redis.getBuffer(key('text')),
      () => redis.incr(key('text')),
      () => redis.call('ECHO', 'x'),
      () => redis.hgetall(key('missing')),
      () => redis.nonsense,
      () => redis.set(),
    ]) {
      expect(await schedule(() => told(async () => call())).join()).toEqual(
        await told(async () => call()),
      )
    }
  })

  it.each([31, 32])(
    'keeps every answer and transaction on ten connections (seed %i)',
    async (seed) => {
      const before = sockets()
      const pool = Array.from({ length: 10 }, () => connect())
      const flow = {
        async ask(question: number, serverMs: number): Promise<number> {
          const redis = pool[question % 10]
          if (question % 3 > 0) await redis.blpop(key('none'), Math.max(serverMs, 1) / 1000)
          return Number(await redis.echo(question))
        },
        async transact(id: number): Promise<void> {
          const redis = pool[id % 10]
          const name = key(`halves:${seed}`)
          await redis.multi().hset(name, `${id}:1`, 1).hset(name, `${id}:2`, 1).exec()
        },
      }
      const load = { seed, greenlets: 200, rounds: 6, slowestMs: 8 }
      const { committed, ...outcome } = await stress(flow, load)
      expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
      expect(outcome.cancelled).toBeGreaterThan(100)
      expect(outcome.answered).toBeGreaterThan(200)
      expect(outcome.latestMs).toBeLessThan(LATEST_MS)
      expect(await Promise.all(pool.map((redis) => redis.ping()))).toEqual(Array(10).fill('PONG'))
      const halves = new Set(Object.keys(await watcher.hgetall(key(`halves:${seed}`))))
      for (const half of halves)
        expect(halves).toContain(half.replace(/\d$/, (n) => `${3 - Number(n)}`))
      expect(committed.filter((id) => !halves.has(`${id}:1`))).toEqual([])
      await until(async () => (await connections(label)) === 10, 'only the pool is connected')
      for (const redis of pool) redis.disconnect()
      await until(() => sockets() <= before, 'no socket is left')
    },
  )

  it('undoes itself exactly, once for all', () => {
    const { prototype } = Redis
    expect(patchIoredis(Redis)).toBe(undo)
    undo()
    const original = Object.getOwnPropertyDescriptor(prototype, 'sendCommand')
    undo = patchIoredis({ default: Redis })
    expect(prototype.sendCommand).not.toBe(original?.value)
    undo()
    expect(Object.getOwnPropertyDescriptor(prototype, 'sendCommand')).toEqual(original)
    undo = patchIoredis(Redis)
    expect(() => patchIoredis({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
