// The adapter of pg, against a real server.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import {
  end,
  Group,
  pause,
  schedule,
  wait,
  withTimeout,
  type Greenlet,
} from '@greenhouse/scheduler'
import { patchPg } from '../../src/ext/pg.ts'
import { pgServer, pgSettings } from './pg-server.ts'
import { chance, describeClient, sockets, timed, until, type Library } from './support.ts'

const AT_ONCE_MS = 1000
const SLOW = 'select pg_sleep(30)'
/** The code of such a request in PostgreSQL's protocol. */
const CANCEL_REQUEST = 80877102

await describeClient('patchPg', 'pg', pgServer, (pg) => {
  const name = `gh-pg-${process.pid}`
  const settings = {
    ...pgSettings,
    application_name: name,
  }
  let undo: () => void
  let watcher: Library
  const pools: Library[] = []
  const makePool = (options: object = {}): Library => {
    const pool = new pg.Pool({ ...settings, max: 4, ...options })
    pools.push(pool)
    return pool
  }
  const running = async (): Promise<number> => {
    const { rows } = await watcher.query(
      `select count(*)::int as n from pg_stat_activity
       where application_name = $1 and state = 'active' and query like '%pg_sleep%'`,
      [name],
    )
    return rows[0].n
  }

  beforeAll(async () => {
    undo = patchPg(pg)
    watcher = new pg.Client({ ...settings, application_name: `${name}-watcher` })
    await watcher.connect()
  })
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.end()
  })
  afterAll(async () => {
    await watcher.end()
    undo()
  })

  it('rejects a query at its deadline, and the server drops it', async () => {
    const pool = makePool()
    const { ms, error } = await timed(() => withTimeout(50, () => pool.query(SLOW)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    await until(async () => (await running()) === 0, 'no query runs')
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('calls back once, with the reason, in the context of the caller', async () => {
    const pool = makePool()
    const calls: unknown[] = []
    const { error } = await timed(() =>
      withTimeout(30, async () => {
        await new Promise<void>((resolve) => {
          pool.query(SLOW, (failure: unknown, result: unknown) => {
            calls.push(failure, result)
            resolve()
          })
        })
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(calls).toEqual([error, undefined])
  })

  it('ends a greenlet in its query', async () => {
    const pool = makePool()
    let met: unknown
    const greenlet = schedule(async () => {
      await pool.query(SLOW).catch((error: unknown) => {
        met = error
        throw error
      })
    })
    await until(async () => (await running()) === 1, 'the query runs')
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(met).toMatchObject({ code: 'GH_EXIT' })
    await until(async () => (await running()) === 0, 'no query runs')
  })

  it('does the same in generators, whose steps hand connections to others', async () => {
    const pool = makePool({ max: 1 })
    const answers: unknown[] = []
    const ask = (n: number): Greenlet =>
      schedule(function* () {
        const client = yield* wait<Library>(pool.connect())
        try {
          const { rows } = yield* wait<Library>(client.query('select $1::int as n', [n]))
          answers.push(rows[0].n)
        } finally {
          client.release()
        }
      })
    await Promise.all([1, 2, 3].map((n) => ask(n).join()))
    expect(answers).toEqual([1, 2, 3])
    const slow = schedule(function* () {
      yield* wait(pool.query(SLOW))
    })
    await until(async () => (await running()) === 1, 'the query runs')
    const next = ask(4)
    end(slow)
    await expect(slow.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    await next.join()
    expect(answers).toEqual([1, 2, 3, 4])
    await until(async () => (await running()) === 0, 'no query runs')
  })

  it('stops the queries of a group that fails', async () => {
    const pool = makePool()
    const failure = new Error('one failed')
    const { ms, error } = await timed(() =>
      Group.run(async (group) => {
        for (let i = 0; i < 3; i++) group.schedule(() => pool.query(SLOW))
        await until(async () => (await running()) === 3, 'three queries run')
        throw failure
      }),
    )
    expect(error).toBe(failure)
    expect(ms).toBeLessThan(6000)
    await until(async () => (await running()) === 0, 'no query runs')
  })

  it('rejects at once while it waits for a connection, and leaves the line', async () => {
    const pool = makePool({ max: 1 })
    const held = await pool.connect()
    const { ms, error } = await timed(() => withTimeout(20, () => pool.query('select 1')))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect(pool.waitingCount).toBe(0)
    held.release()
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 })
  })

  it('gives a connection that is ready too late to the pool', async () => {
    const pool = makePool({ max: 1 })
    let asked: Promise<unknown> | undefined
    await expect(
      Group.run(async (group) => {
        group.schedule(async () => {
          asked = pool.connect()
          await asked
        })
        await pause()
        throw new Error('failed while it connects')
      }),
    ).rejects.toThrow('failed while it connects')
    await expect(asked).rejects.toBeInstanceOf(Error)
    await until(() => pool.idleCount === 1, 'the connection is idle')
    expect(pool.totalCount).toBe(1)
  })

  it('keeps a connection whose query was cancelled, when its owner rolls back', async () => {
    const pool = makePool({ max: 1 })
    const client = await pool.connect()
    const pid = client.processID
    await client.query('begin')
    const { error } = await timed(() => withTimeout(30, () => client.query(SLOW)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    await client.query('rollback')
    client.release()
    expect((await pool.query('select pg_backend_pid() as pid')).rows).toEqual([{ pid }])
  })

  it('discards a connection that comes back in a transaction', async () => {
    const pool = makePool({ max: 1 })
    const client = await pool.connect()
    const pid = client.processID
    await client.query('begin')
    await timed(() => withTimeout(30, () => client.query(SLOW)))
    client.release()
    const { rows } = await pool.query(
      'select pg_backend_pid() as pid, txid_current_if_assigned() as tx',
    )
    expect(rows[0].pid).not.toBe(pid)
    expect(pool.totalCount).toBe(1)
  })

  it('spares the queries of others on one client', async () => {
    const client = new pg.Client(settings)
    await client.connect()
    const slow = timed(() => withTimeout(30, () => client.query(SLOW)))
    const queued = timed(() => withTimeout(20, () => client.query('select 2')))
    const innocent = schedule(() => client.query('select 3 as three'))
    expect((await slow).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect((await queued).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(await innocent.join()).toMatchObject({ rows: [{ three: 3 }] })
    await client.end()
  })

  it('never cancels the query that comes next', async () => {
    const client = new pg.Client(settings)
    await client.connect()
    const next = chance(7)
    for (let i = 0; i < 200; i++) {
      // The query ends about when its cancel arrives, which then finds the backend idle, or with the next query.
      const seconds = 0.002 + next() * 0.002
      await timed(() => withTimeout(2, () => client.query('select pg_sleep($1)', [seconds])))
      const { rows } = await client.query('select $1::int as i, pg_sleep(0.002)', [i])
      expect(rows).toMatchObject([{ i }])
    }
    await client.end()
  })

  it('belongs to the caller, whoever hands the connection over', async () => {
    const pool = makePool({ max: 1 })
    const held = await pool.connect()
    // Asked for outside every greenlet; handed over by a greenlet that is then ended.
    const answer = new Promise((resolve, reject) => {
      pool.query('select pg_sleep(0.1), 7 as seven', (error: unknown, result: Library) =>
        error ? reject(error as Error) : resolve(result.rows[0].seven),
      )
    })
    const releaser = schedule(async () => {
      held.release()
      await new Promise(() => {})
    })
    await until(async () => (await running()) === 1, 'the query runs')
    end(releaser)
    expect(await answer).toBe(7)
  })

  it('does not begin what an ended greenlet asks for', async () => {
    const pool = makePool()
    let met: unknown
    const greenlet = schedule(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      await pool.query(SLOW).catch((error: unknown) => {
        met = error
        throw error
      })
    })
    await pause()
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    await until(() => met !== undefined, 'the query is refused')
    expect(met).toMatchObject({ code: 'GH_EXIT' })
    expect(pool.totalCount).toBe(0)
  })

  it('gives up a connect, and nothing stays open', async () => {
    const before = sockets()
    const mute = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const { port } = mute.address() as { port: number }
    const client = new pg.Client({ ...settings, port })
    const { ms, error } = await timed(() => withTimeout(30, () => client.connect()))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    await new Promise((resolve) => mute.close(resolve))
    await until(() => sockets() <= before, 'no socket is left')
  })

  it.each(['query', 'pool'])(
    'cancels again where the server heard of the cancel before the query: %s',
    async (way) => {
      const sockets = new Set<Socket>()
      let cancels = 0
      const proxy = createServer((socket) => {
        sockets.add(socket.on('error', () => {}))
        socket.once('data', (first) => {
          if (first.readInt32BE(4) === CANCEL_REQUEST && cancels++ === 0) return void socket.end()
          const server = connect(pgServer.port, pgServer.host).on('error', () => {})
          server.write(first)
          socket.pipe(server).pipe(socket)
        })
      }).listen(0, '127.0.0.1')
      await once(proxy, 'listening')
      const { port } = proxy.address() as AddressInfo
      const pool = makePool({ host: '127.0.0.1', port })
      const held = await pool.connect()
      if (way === 'pool') held.release()
      const asked = way === 'pool' ? pool : held
      const { error } = await timed(() => withTimeout(50, () => asked.query(SLOW)))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      await until(async () => (await running()) === 0, 'no query runs')
      expect(cancels).toBeGreaterThanOrEqual(2)
      expect((await asked.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      if (way === 'query') held.release()
      await pool.end()
      pools.splice(pools.indexOf(pool), 1)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  )

  it('stays silent about a cancelled query that nobody awaits', async () => {
    const pool = makePool()
    await expect(
      withTimeout(1000, async () => {
        void pool.query(SLOW)
        await until(async () => (await running()) === 1, 'the query runs')
        throw new Error('other')
      }),
    ).rejects.toThrow('other')
    await until(async () => (await running()) === 0, 'no query runs')
  })

  it('answers as pg does: results, errors, configs, named statements', async () => {
    const pool = makePool()
    const inside = async (...args: unknown[]): Promise<unknown> =>
      schedule(async () => timed(() => pool.query(...args)))
        .join()
        .then(({ error, value }: Library) =>
          error === undefined
            ? [value.rows, value.command, value.rowCount]
            : [error.code, error.message],
        )
    const outside = async (...args: unknown[]): Promise<unknown> =>
      timed(() => pool.query(...args)).then(({ error, value }: Library) =>
        error === undefined
          ? [value.rows, value.command, value.rowCount]
          : [error.code, error.message],
      )
    for (const args of [
      ['select 1 as a'],
      ['select $1::text as a', ['x']],
      [{ text: 'select $1::int as a', values: [3], name: 'three' }],
      [{ text: 'select 1 as a', rowMode: 'array' }],
      [{ text: 'select 1 as a; ' }, []],
      ['select nothing'],
      ['select $1::int', ['no number']],
      [{ text: 5 }],
    ]) {
      expect(await inside(...args)).toEqual(await outside(...args))
    }
    const held = await pool.connect()
    await schedule(async () => {
      expect(() => held.query(null)).toThrow(TypeError)
      expect(() => held.query('select 1', [], 'no function')).toThrow('callback is not a function')
      const timeout = await held
        .query({ text: 'select pg_sleep(0.2)', query_timeout: 20 })
        .catch((error: Error) => error)
      expect(timeout).toMatchObject({ message: 'Query read timeout' })
    }).join()
    held.release(true)
  })

  it('undoes itself exactly, once for all', () => {
    const { prototype } = pg.Client
    expect(patchPg(pg)).toBe(undo)
    expect(patchPg({ default: pg })).toBe(undo)
    expect([prototype.query.name, prototype.query.length]).toEqual(['query', 3])
    undo()
    const original = Object.getOwnPropertyDescriptor(prototype, 'query')
    undo = patchPg(pg)
    expect(prototype.query).not.toBe(original?.value)
    undo()
    expect(Object.getOwnPropertyDescriptor(prototype, 'query')).toEqual(original)
    undo = patchPg(pg)
    expect(() => patchPg({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
