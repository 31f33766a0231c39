// Random cancels of pg, against a real server: cursors and streams, and 200 greenlets on a pool of ten.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { schedule, withTimeout } from '@greenhouse/scheduler'
import { patchPg } from '../../src/ext/pg.ts'
import { pgBackends, pgServer, pgSettings } from './pg-server.ts'
import { LATEST_MS, stress } from './stress.ts'
import { describeClient, loadClient, sockets, timed, until, type Library } from './support.ts'

await describeClient('patchPg under random cancels', 'pg', pgServer, (pg) => {
  const name = `gh-pg-stress-${process.pid}`
  const schema = `gh_ext_${process.pid}`
  const settings = {
    ...pgSettings,
    application_name: name,
  }
  let undo: () => void
  let watcher: Library
  const backends = (): Promise<number> => pgBackends(watcher, name)

  beforeAll(async () => {
    undo = patchPg(pg)
    watcher = new pg.Client({ ...settings, application_name: `${name}-watcher` })
    await watcher.connect()
    await watcher.query(`create schema ${schema}`)
    await watcher.query(`create table ${schema}.halves (id int, half int)`)
  })
  afterAll(async () => {
    await watcher.query(`drop schema ${schema} cascade`)
    await watcher.end()
    undo()
  })

  const flowOf = (pool: Library) => ({
    async ask(question: number, serverMs: number): Promise<number> {
      const { rows } = await pool.query('select $1::int as answer, pg_sleep($2)', [
        question,
        serverMs / 1000,
      ])
      return rows[0].answer
    },
    async transact(id: number): Promise<void> {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query(`insert into ${schema}.halves values ($1, 1)`, [id])
        await client.query(`insert into ${schema}.halves values ($1, 2)`, [id])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      } finally {
        client.release()
      }
    },
  })

  it.each([11, 12])('keeps every answer, transaction and connection (seed %i)', async (seed) => {
    await watcher.query(`truncate ${schema}.halves`)
    const before = sockets()
    const pool = new pg.Pool({ ...settings, max: 10 })
    const { committed, ...outcome } = await stress(flowOf(pool), {
      seed,
      greenlets: 200,
      rounds: 8,
      slowestMs: 12,
    })
    expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
    expect(outcome.cancelled).toBeGreaterThan(200)
    expect(outcome.answered).toBeGreaterThan(300)
    expect(outcome.latestMs).toBeLessThan(LATEST_MS)

    const { rows } = await watcher.query(
      `select id, count(*)::int as halves from ${schema}.halves group by id`,
    )
    expect(rows.filter(({ halves }: { halves: number }) => halves !== 2)).toEqual([])
    const written = new Set(rows.map(({ id }: { id: number }) => id))
    expect(committed.filter((id) => !written.has(id))).toEqual([])

    await until(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0, 'all idle')
    const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()))
    expect(new Set(clients.map((client) => client.processID)).size).toBe(10)
    expect(await backends()).toBe(10)
    for (const client of clients) client.release()
    await pool.end()
    await until(async () => (await backends()) === 0, 'no backend is left')
    await until(() => sockets() <= before, 'no socket is left')
  })

  it('ends cursors and streams with their scope', async () => {
    const Cursor = loadClient('pg-cursor')
    const QueryStream = loadClient('pg-query-stream')
    const pool = new pg.Pool({ ...settings, max: 1 })
    const many = 'select n, pg_sleep(0.001) from generate_series(1, 100000) as n'
    for (const read of [
      async (client: Library) => {
        const cursor = client.query(new Cursor(many))
        while ((await cursor.read(5)).length > 0) continue
      },
      async (client: Library) => {
        for await (const row of client.query(new QueryStream(many))) void row
      },
      async (client: Library) => {
        await new Promise((resolve, reject) => {
          client.query(new pg.Query(many)).on('error', reject).on('end', resolve)
        })
      },
    ]) {
      const client = await pool.connect()
      const { ms, error } = await timed(() => withTimeout(60, () => read(client)))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(ms).toBeLessThan(5000)
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      client.release()
    }
    const few = await schedule(async () => {
      const client = await pool.connect()
      const seen: number[] = []
      for await (const row of client.query(
        new QueryStream('select generate_series(1, 250) as n'),
      )) {
        seen.push(row.n)
      }
      client.release()
      return seen
    }).join()
    expect(few).toEqual(Array.from({ length: 250 }, (_, i) => i + 1))
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 })
    await pool.end()
  })
})
