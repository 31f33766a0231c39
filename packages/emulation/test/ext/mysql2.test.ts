// The adapter of mysql2, against a real server.
import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { end, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchMysql2 } from '../../src/ext/mysql2.ts'
import {
  describeClient,
  loadClient,
  service,
  sockets,
  timed,
  until,
  type Library,
} from './support.ts'

const server = service('MYSQL', 3306)
const AT_ONCE_MS = 1000
const SLOW = 'select sleep(30) as s'

await describeClient('patchMysql2', 'mysql2', server, (mysql) => {
  const promise = loadClient('mysql2/promise')
  const schema = `gh_ext_${process.pid}`
  const settings = {
    ...server,
    user: process.env['GREENHOUSE_MYSQL_USER'] ?? 'root',
    password: process.env['GREENHOUSE_MYSQL_PASSWORD'] ?? '',
  }
  let undo: () => void
  let watcher: Library
  const pools: Library[] = []
  const makePool = (options: object = {}): Library => {
    const pool = mysql.createPool({ ...settings, database: schema, connectionLimit: 4, ...options })
    pools.push(pool)
    return pool
  }
  const processes = async (like: string): Promise<number> => {
    const [rows] = await watcher.query(
      'select count(*) as n from information_schema.processlist where db = ? and coalesce(info, "") like ?',
      [schema, like],
    )
    return rows[0].n
  }
  const nothingRuns = (): Promise<void> =>
    until(async () => (await processes('select sleep%')) === 0, 'no statement runs')
  const oneRuns = (): Promise<void> =>
    until(async () => (await processes('select sleep%')) === 1, 'a statement runs')

  beforeAll(async () => {
    undo = patchMysql2(mysql, promise)
    watcher = await promise.createConnection(settings)
    await watcher.query(`create database ${schema}`)
    await watcher.query(`create table ${schema}.halves (id int, half int) engine = innodb`)
  })
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.promise().end()
  })
  afterAll(async () => {
    await watcher.query(`drop database ${schema}`)
    await watcher.end()
    undo()
  })

  it.each(['query', 'execute'])(
    '%s rejects at its deadline, and the server drops it',
    async (method) => {
      const pool = makePool({ connectionLimit: 1 }).promise()
      const [[{ id }]] = await pool.query('select connection_id() as id')
      const { ms, error } = await timed(() => withTimeout(50, () => pool[method](SLOW)))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(ms).toBeLessThan(AT_ONCE_MS)
      await nothingRuns()
      expect((await pool[method]('select connection_id() as id'))[0]).toEqual([{ id }])
    },
  )

  it('calls back once, with the reason', async () => {
    const pool = makePool()
    for (const method of ['query', 'execute']) {
      const calls: unknown[] = []
      const { error } = await timed(() =>
        withTimeout(30, async () => {
          await new Promise<void>((resolve) => {
            pool[method](SLOW, (failure: unknown, result: unknown) => {
              calls.push(failure, result)
              resolve()
            })
          })
        }),
      )
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      await nothingRuns()
      expect(calls).toEqual([error, undefined])
    }
  })

  it('ends a greenlet in its statement', async () => {
    const pool = makePool().promise()
    const greenlet = schedule(async () => pool.query(SLOW))
    await oneRuns()
    end(greenlet)
    await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
    await nothingRuns()
  })

  it('stops the statements of a group that fails', async () => {
    const pool = makePool().promise()
    const failure = new Error('one failed')
    const { error } = await timed(() =>
      Group.run(async (group) => {
        for (let i = 0; i < 3; i++) group.schedule(() => pool.query(SLOW))
        await until(async () => (await processes('select sleep%')) === 3, 'three run')
        throw failure
      }),
    )
    expect(error).toBe(failure)
    await nothingRuns()
  })

  it('rejects at once while it waits for a connection, and leaves the line', async () => {
    const pool = makePool({ connectionLimit: 1 })
    const held = await pool.promise().getConnection()
    const { ms, error } = await timed(() => withTimeout(20, () => pool.promise().query('select 1')))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    expect(pool._connectionQueue.length).toBe(0)
    held.release()
    expect(pool._freeConnections.length).toBe(1)
  })

  it('gives a connection that is ready too late to the pool', async () => {
    const pool = makePool({ connectionLimit: 1 })
    await expect(
      Group.run(async (group) => {
        group.schedule(() => pool.promise().getConnection())
        await pause()
        throw new Error('failed while it connects')
      }),
    ).rejects.toThrow('failed while it connects')
    await until(() => pool._freeConnections.length === 1, 'the connection is idle')
  })

  it('keeps a connection for its owner, and rolls back what the owner does not', async () => {
    const pool = makePool({ connectionLimit: 1 }).promise()
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await connection.query('insert into halves values (-1, 1)')
    await timed(() => withTimeout(30, () => connection.query(SLOW)))
    expect((await connection.query('select 1 as one'))[0]).toEqual([{ one: 1 }])
    connection.release()
    expect((await pool.query('select count(*) as n from halves'))[0]).toEqual([{ n: 0 }])
    await pool.query('commit')
    expect((await pool.query('select count(*) as n from halves'))[0]).toEqual([{ n: 0 }])
  })

  it('spares the statements of others on one connection', async () => {
    const connection = await promise.createConnection({ ...settings, database: schema })
    const slow = timed(() => withTimeout(30, () => connection.query(SLOW)))
    const queued = timed(() => withTimeout(20, () => connection.execute('select 2')))
    const innocent = schedule(() => connection.execute('select 3 as three'))
    expect((await slow).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect((await queued).error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(((await innocent.join()) as Library)[0]).toEqual([{ three: 3 }])
    await connection.end()
  })

  it('belongs to the caller, whoever hands the connection over', async () => {
    const pool = makePool({ connectionLimit: 1 })
    const held = await pool.promise().getConnection()
    const answer = new Promise((resolve, reject) => {
      pool.query('select sleep(0.1) as s', (error: Error, rows: Library) =>
        error ? reject(error) : resolve(rows[0].s),
      )
    })
    const releaser = schedule(async () => {
      held.release()
      await new Promise(() => {})
    })
    await oneRuns()
    end(releaser)
    expect(await answer).toBe(0)
  })

  it('ends a stream of rows with its scope', async () => {
    const pool = makePool({ connectionLimit: 1 })
    const { error, ms } = await timed(() =>
      withTimeout(60, async () => {
        const rows = pool.query('select seq, sleep(0.001) from seq_1_to_100000').stream()
        for await (const row of rows) void row
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    const seen = await schedule(async () => {
      const numbers: number[] = []
      for await (const row of pool.query('select seq from seq_1_to_50').stream())
        numbers.push(row.seq)
      return numbers
    }).join()
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('gives up a connect, and nothing stays open', async () => {
    const before = sockets()
    const mute = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => mute.once('listening', resolve))
    const { port } = mute.address() as { port: number }
    const late = { ...settings, port, connectTimeout: 300 }
    const { ms, error } = await timed(() => withTimeout(30, () => promise.createConnection(late)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(ms).toBeLessThan(AT_ONCE_MS)
    await new Promise((resolve) => mute.close(resolve))
    await until(() => sockets() <= before, 'no socket is left')
  })

  it('stays silent about a cancelled statement that nobody awaits', async () => {
    const pool = makePool().promise()
    await expect(
      withTimeout(1000, async () => {
        void pool.query(SLOW)
        await oneRuns()
        throw new Error('other')
      }),
    ).rejects.toThrow('other')
    await nothingRuns()
  })

  it('answers as mysql2 does: results, errors, statements', async () => {
    const pool = makePool({ namedPlaceholders: true }).promise()
    const told = async (method: string, args: unknown[]): Promise<unknown> =>
      timed(() => pool[method](...args)).then(({ error, value }: Library) =>
        error === undefined ? [value[0], value[1]?.length] : [error.code, error.message],
      )
    for (const args of [
      ['select 1 as a'],
      ['select ? as a', ['x']],
      ['select :a as a', { a: 'x' }],
      [{ sql: 'select 1 as a', rowsAsArray: true }],
      ['select nothing from nowhere'],
      ['select ?', [undefined]],
      [{ sql: 'select sleep(0.2)', timeout: 20 }],
    ]) {
      for (const method of ['query', 'execute']) {
        const inside = await schedule(() => told(method, args)).join()
        expect(inside).toEqual(await told(method, args))
      }
    }
  })

  it('undoes itself exactly, once for all', () => {
    const { query } = Object.getPrototypeOf(mysql.Connection.prototype)
    expect(patchMysql2(mysql)).toBe(undo)
    undo()
    const { createConnection } = mysql
    const proto = Object.getPrototypeOf(mysql.Connection.prototype)
    const original = Object.getOwnPropertyDescriptor(proto, 'addCommand')
    undo = patchMysql2(mysql, promise)
    expect(proto.addCommand).not.toBe(original?.value)
    undo()
    expect(Object.getOwnPropertyDescriptor(proto, 'addCommand')).toEqual(original)
    expect(mysql.createConnection).toBe(createConnection)
    expect(proto.query).toBe(query)
    undo = patchMysql2(mysql, promise)
    expect(() => patchMysql2({})).toThrow(expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }))
  })
})
