// The adapter of node-redis, against a real server.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { end, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchRedis } from '../../src/ext/redis.ts'
import { LATEST_MS, stress } from './stress.ts'
import { describeClient, service, sockets, timed, until, type Library } from './support.ts'

const server = service('REDIS', 6379)
const AT_ONCE_MS = 1000

await describeClient('patchRedis', 'redis', server, (redis) => {
  const key = (name: string): string => `gh-ext-redis-${process.pid}:${name}`
  const label = `gh-ext-redis-${process.pid}`
  const settings = {
    socket: server,
    password: process.env['GREENHOUSE_REDIS_PASSWORD'],
    name: label,
  }
  let undo: () => void
  let watcher: Library
  const made: Library[] = []
  const make = (options: object = {}): Library => {
    const client = redis.createClient({ ...settings, ...options })
    client.on('error', () => {})
    made.push(client)
    return client
  }
  const connections = async (command?: string): Promise<number> => {
    const list: string = await watcher.sendCommand(['CLIENT', 'LIST'])
    return list
      .split('\n')
      .filter(
        (line) =>
          line.includes(` name=${label} `) &&
          (command === undefined ||
            (line.includes(` cmd=${command} `) && / flags=\w*b/.test(line))),
      ).length
  }

  beforeAll(async () => {
    undo = patchRedis(redis)
    watcher = await redis.createClient({ ...settings, name: undefined }).connect()
  })
  afterEach(async () => {
    for (const client of made.splice(0)) if (client.isOpen) client.destroy()
    await until(async () => (await connections()) === 0, 'no connection is left')
  })
  afterAll(async () => {
    const keys = await watcher.keys(key('*'))
    if (keys.length > 0) await watcher.del(keys)
    await watcher.close()
    undo()
  })

  it('rejects a blocking command at its deadline, and frees its connection', async () => {
    const client = await make().connect()
    for (let round = 0; round < 3; round++) {
      const { ms, error } = await timed(() => withTimeout(50, () => client.blPop(key('none'), 0)))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(ms).toBeLessThan(AT_ONCE_MS)
      expect(await client.echo(`round ${round}`)).toBe(`round ${round}`)
    }
  })

  it('ends a greenlet in its command, and the commands of a group that fails', async () => {
    const client = await make().connect()
    const greenlet = schedule(async () => client.blPop(key('none'), 0))
    await until(async () => (await connections('blpop')) === 1, 'it blocks')
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    await until(async () => (await connections('blpop')) === 0, 'nothing blocks')
    const failure = new Error('one failed')
    await expect(
      Group.run(async (group) => {
        group.schedule(() => client.blPop(key('none'), 0))
        await pause()
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(await client.ping()).toBe('PONG')
  })

  it('spares the blocking commands of others on one connection', async () => {
    const client = await make().connect()
    const first = timed(() => withTimeout(60, () => client.blPop(key('none'), 0)))
    const second = timed(() => withTimeout(30, () => client.blPop(key('none'), 0)))
    const innocent = schedule(() => client.blPop(key('some'), 0))
    expect((await second).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect((await first).error).toMatchObject({ code: 'GH_TIMEOUT' })
    await watcher.lPush(key('some'), 'item')
    expect(await innocent.join()).toMatchObject({ element: 'item' })
  })

  it('never sends what was cancelled while it waited for a connection', async () => {
    const client = make({ socket: { ...server, port: 1, reconnectStrategy: 20 } })
    const connected = timed(() => withTimeout(50, () => client.connect()))
    const { ms, error } = await timed(() => withTimeout(30, () => client.incr(key('count'))))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect((await connected).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(client._getQueue?.().pendingCount ?? 0).toBe(0)
  })

  it('rejects at once while it waits for a client of a pool', async () => {
    const pool = redis.createClientPool(settings, { minimum: 1, maximum: 1 })
    await pool.connect()
    let release: () => void = () => {}
    const holder = pool.execute(() => new Promise<void>((resolve) => (release = resolve)))
    const { ms, error } = await timed(() => withTimeout(20, () => pool.incr(key('waited'))))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    release()
    await holder
    expect(await pool.get(key('waited'))).toBe(null)
    // A cancelled blocking command does not leave its client to the next.
    await timed(() => withTimeout(30, () => pool.blPop(key('none'), 0)))
    expect(await pool.echo('free')).toBe('free')
    expect(pool).toMatchObject({ totalClients: 1, idleClients: 1 })
    await pool.close()
  })

  it('belongs to the caller, whoever gives the client back', async () => {
    const pool = redis.createClientPool(settings, { minimum: 1, maximum: 1 })
    await pool.connect()
    let release: () => void = () => {}
    const releaser = schedule(async () => {
      await pool.execute(() => new Promise<void>((resolve) => (release = resolve)))
      await new Promise(() => {})
    })
    await pause()
    const answer = pool.execute((client: Library) => client.blPop(key('given'), 0))
    release()
    await until(async () => (await connections('blpop')) === 1, 'it blocks')
    end(releaser)
    await watcher.lPush(key('given'), 'item')
    expect(await answer).toMatchObject({ element: 'item' })
    await pool.close()
  })

  it('answers as node-redis does', async () => {
    const client = await make().connect()
    await client.set(key('text'), 'x')
    const told = async (call: () => Promise<unknown>): Promise<unknown> =>
      timed(call).then(({ error, value }) => (error === undefined ? value : `${error as Error}`))
    for (const call of [
      () => client.get(key('text')),
      () => client.incr(key('text')),
      () => client.sendCommand(['ECHO', 'x']),
      () => client.hGetAll(key('missing')),
      () => client.multi().get(key('text')).lPush(key('text'), 'y').execAsPipeline(),
      () => client.multi().get(key('text')).exec(),
      () => client.set(),
    ]) {
      const inside = await schedule(() => told(async () => call())).join()
      expect(inside).toEqual(await told(async () => call()))
    }
  })

  it.each([41, 42])(
    'keeps every answer and transaction on a pool of ten (seed %i)',
    async (seed) => {
      const before = sockets()
      const pool = redis.createClientPool(settings, { minimum: 10, maximum: 10 })
      pool.on('error', () => {})
      await pool.connect()
      const flow = {
        async ask(question: number, serverMs: number): Promise<number> {
          const seconds = Math.max(serverMs, 1) / 1000
          return Number(
            await pool.execute(async (client: Library) => {
              if (question % 3 > 0) await client.blPop(key('none'), seconds)
              return client.echo(String(question))
            }),
          )
        },
        async transact(id: number): Promise<void> {
          const name = key(`halves:${seed}`)
          await pool.multi().hSet(name, `${id}:1`, 1).hSet(name, `${id}:2`, 1).exec()
        },
      }
      const load = { seed, greenlets: 200, rounds: 6, slowestMs: 8 }
      const { committed, ...outcome } = await stress(flow, load)
      expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
      expect(outcome.cancelled).toBeGreaterThan(100)
      expect(outcome.answered).toBeGreaterThan(200)
      expect(outcome.latestMs).toBeLessThan(LATEST_MS)
      await until(() => pool.idleClients === 10, 'all are idle')
      const halves = new Set(Object.keys(await watcher.hGetAll(key(`halves:${seed}`))))
      for (const half of halves)
        expect(halves).toContain(half.replace(/\d$/, (n) => `${3 - Number(n)}`))
      expect(committed.filter((id) => !halves.has(`${id}:1`))).toEqual([])
      await until(async () => (await connections()) === 10, 'only the pool is connected')
      await pool.close()
      await until(() => sockets() <= before, 'no socket is left')
    },
  )

  it('undoes itself exactly, once for all', async () => {
    expect(patchRedis(redis)).toBe(undo)
    let prototype = redis.createClient()
    while (!Object.hasOwn(prototype, 'sendCommand')) prototype = Object.getPrototypeOf(prototype)
    undo()
    const original = Object.getOwnPropertyDescriptor(prototype, 'sendCommand')
    undo = patchRedis({ default: redis })
    expect(prototype.sendCommand).not.toBe(original?.value)
    undo()
    expect(Object.getOwnPropertyDescriptor(prototype, 'sendCommand')).toEqual(original)
    undo = patchRedis(redis)
    expect(() => patchRedis({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
