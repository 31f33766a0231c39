// Random cancels of mysql2, against a real server: 200 greenlets on a pool of ten, and kills that come late.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withTimeout } from '@greenhouse/scheduler'
import { patchMysql2 } from '../../src/ext/mysql2.ts'
import { LATEST_MS, stress } from './stress.ts'
import {
  chance,
  describeClient,
  loadClient,
  service,
  sockets,
  timed,
  until,
  type Library,
} from './support.ts'

const server = service('MYSQL', 3306)

await describeClient('patchMysql2 under random cancels', 'mysql2', server, (mysql) => {
  const promise = loadClient('mysql2/promise')
  const schema = `gh_ext_stress_${process.pid}`
  const settings = {
    ...server,
    user: process.env['GREENHOUSE_MYSQL_USER'] ?? 'root',
    password: process.env['GREENHOUSE_MYSQL_PASSWORD'] ?? '',
  }
  let undo: () => void
  let watcher: Library
  const connections = async (): Promise<number> => {
    const [rows] = await watcher.query(
      'select count(*) as n from information_schema.processlist where db = ?',
      [schema],
    )
    return rows[0].n
  }

  beforeAll(async () => {
    undo = patchMysql2(mysql, promise)
    watcher = await promise.createConnection(settings)
    await watcher.query(`create database ${schema}`)
    await watcher.query(`create table ${schema}.halves (id int, half int) engine = innodb`)
  })
  afterAll(async () => {
    await watcher.query(`drop database ${schema}`)
    await watcher.end()
    undo()
  })

  it('never kills the statement that comes next', async () => {
    const connection = await promise.createConnection({ ...settings, database: schema })
    const next = chance(5)
    for (let i = 0; i < 90; i++) {
      const seconds = 0.002 + next() * 0.01
      await timed(() => withTimeout(2, () => connection.query('select sleep(?)', [seconds])))
      const [rows] = await connection.query('select ? as i, sleep(0.004) as s', [i])
      expect(rows).toEqual([{ i, s: 0 }])
    }
    await connection.end()
  })

  it.each([21, 22])('keeps every answer, transaction and connection (seed %i)', async (seed) => {
    await watcher.query(`truncate ${schema}.halves`)
    const before = sockets()
    const core = mysql.createPool({ ...settings, database: schema, connectionLimit: 10 })
    const pool = core.promise()
    const flow = {
      async ask(question: number, serverMs: number): Promise<number> {
        const method = question % 2 === 0 ? 'query' : 'execute'
        const [rows] = await pool[method]('select ? as answer, sleep(?) as s', [
          question,
          serverMs / 1000,
        ])
        return Number(rows[0].s === 0 ? rows[0].answer : -1)
      },
      async transact(id: number): Promise<void> {
        const connection = await pool.getConnection()
        try {
          await connection.beginTransaction()
          await connection.query('insert into halves values (?, 1)', [id])
          await connection.query('insert into halves values (?, 2)', [id])
          await connection.commit()
        } catch (error) {
          await connection.rollback().catch(() => {})
          throw error
        } finally {
          connection.release()
        }
      },
    }
    const load = { seed, greenlets: 200, rounds: 8, slowestMs: 12 }
    const { committed, ...outcome } = await stress(flow, load)
    expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
    expect(outcome.cancelled).toBeGreaterThan(200)
    expect(outcome.answered).toBeGreaterThan(300)
    expect(outcome.latestMs).toBeLessThan(LATEST_MS)

    await until(() => core._freeConnections.length === core._allConnections.length, 'all idle')
    const [rows] = await watcher.query(
      `select id, count(*) as halves from ${schema}.halves group by id`,
    )
    expect(rows.filter(({ halves }: { halves: number }) => halves !== 2)).toEqual([])
    const written = new Set(rows.map(({ id }: { id: number }) => id))
    expect(committed.filter((id) => !written.has(id))).toEqual([])

    const taken = await Promise.all(Array.from({ length: 10 }, () => pool.getConnection()))
    expect(new Set(taken.map((connection) => connection.threadId)).size).toBe(10)
    for (const connection of taken) connection.release()
    await pool.end()
    await until(async () => (await connections()) === 0, 'no connection is left')
    await until(() => sockets() <= before, 'no socket is left')
  })
})
