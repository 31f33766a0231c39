// What is left behind: nothing, after thousands of operations that timed out, and on a signal that lives long.
// GREENHOUSE_LONG=1 makes it 10,000 of each kind, after as many that warm up.
import childProcess from 'node:child_process'
import { EventEmitter, getEventListeners, once, setMaxListeners } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Group, withTimeout } from '@greenhouse/scheduler'
import { own, patch } from '@greenhouse/emulation'
import { patchPg } from '../../src/ext/pg.ts'
import { pgBackends, pgServer, pgSettings } from '../ext/pg-server.ts'
import { describeClient, type Library } from '../ext/support.ts'
import { errorOf, turn } from './support.ts'

const LONG = process.env['GREENHOUSE_LONG'] === '1'
/** An idle connection of fetch, whose request was aborted before it was sent, closes after four seconds and more. */
const LATEST_MS = 20_000
const timers = process.getBuiltinModule('timers/promises')
const events = process.getBuiltinModule('events')
const files = process.getBuiltinModule('fs/promises')
const gzip = (text: string): Promise<unknown> =>
  promisify(process.getBuiltinModule('zlib').gzip)(text)
const emitter = new EventEmitter({ captureRejections: false }).setMaxListeners(0)
const server = createServer((socket) => {
  socket.on('error', () => {}).resume()
})
// Tens of thousands of errors are made here.
Error.stackTraceLimit = 0
let folder: string
let file: string
let port: number
let quiet: Record<string, number>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'greenhouse-leaks-'))
  file = join(folder, 'file')
  writeFileSync(file, 'text')
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4000 })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  quiet = handles()
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => patch())

/** Lets so many operations time out, at most some hundreds at a time. */
async function timeOut(count: number, at: number, ms: number, begin: () => unknown): Promise<void> {
  let left = count
  await Group.run(async (group) => {
    for (let i = 0; i < at; i++) {
      group.schedule(async () => {
        while (left-- > 0) {
          const error = await errorOf(
            withTimeout(ms, async () => {
              await begin()
            }),
          )
          if (error.code !== 'GH_TIMEOUT') throw error
        }
      })
    }
  })
}

const openConnections = (): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  )
const handles = (): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  delete counts['Immediate']
  delete counts['Timeout']
  return counts
}
/** Those of the test runner come and go; a leak leaves thousands. */
const timeouts = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
const heap = async (): Promise<number> => {
  for (let i = 0; i < 4; i++) {
    await turn()
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** Fails when so many operations, timed out, leave more behind than some before. */
async function leaveNothing(
  count: number,
  at: number,
  ms: number,
  begin: () => unknown,
): Promise<void> {
  await timeOut(LONG ? count : count / 10, at, ms, begin)
  await expect.poll(openConnections, { timeout: LATEST_MS }).toBe(0)
  await expect.poll(handles, { timeout: LATEST_MS }).toEqual(quiet)
  const heapBefore = await heap()
  await timeOut(count, at, ms, begin)
  await expect.poll(openConnections, { timeout: LATEST_MS }).toBe(0)
  await expect.poll(handles, { timeout: LATEST_MS }).toEqual(quiet)
  expect(emitter.eventNames()).toEqual([])
  expect(timeouts()).toBeLessThan(50)
  expect((await heap()) - heapBefore).toBeLessThan(4)
  expect(readdirSync('/proc/self/fd').length).toBeLessThan(200)
}

describe('time-outs leave nothing behind', () => {
  const many = LONG ? 10_000 : 2000
  const some = LONG ? 10_000 : 300
  it.each<[string, number, number, () => unknown]>([
    ['promise timers', 10_000, 2500, () => timers.setTimeout(60_000)],
    ['events', 10_000, 2500, () => events.once(emitter, 'it')],
    ['reads', many, 200, () => forEver(() => files.readFile(file))],
    ['calls of zlib', many, 200, () => forEver(() => gzip('text'))],
    ['fetches', some, 100, () => fetch(`http://127.0.0.1:${port}/`)],
    ['requests', some, 100, () => once(http.get({ port, agent: false }), 'response')],
    ['owned connects', some, 100, () => once(own(connect(port, '127.0.0.1')), 'data')],
    ['children', LONG ? 10_000 : 30, 10, () => once(childProcess.spawn('sleep', ['60']), 'close')],
  ])('%s', { timeout: 900_000 }, (_, count, at, begin) => leaveNothing(count, at, 10, begin))
})

async function forEver(call: () => Promise<unknown>): Promise<never> {
  for (;;) await call()
}

await describeClient('time-outs leave nothing behind on a server', 'pg', pgServer, (pg) => {
  const name = `gh-leaks-${process.pid}`
  let watcher: Library
  beforeAll(async () => {
    watcher = new pg.Client(pgSettings)
    await watcher.connect()
    await watcher.query('select 1')
    quiet = handles()
  })
  afterAll(() => watcher.end())

  it('queries of pg', { timeout: 300_000 }, async () => {
    const undo = patchPg(pg)
    const pool = new pg.Pool({
      ...pgSettings,
      application_name: name,
      max: 20,
      idleTimeoutMillis: 1,
    })
    await leaveNothing(LONG ? 10_000 : 300, 20, 30, () => pool.query('select pg_sleep(10)'))
    expect([pool.totalCount, pool.waitingCount]).toEqual([0, 0])
    // A cancel that a busy server hears before the query is sent again a little later.
    await expect.poll(() => pgBackends(watcher, name), { timeout: LATEST_MS }).toBe(0)
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await pool.end()
    undo()
  })
})

describe('one long-lived signal', () => {
  it('has no listener after 100,000 operations, done and cut', { timeout: 60_000 }, async () => {
    const { signal } = new AbortController()
    setMaxListeners(0, signal)
    const listeners = (): number => getEventListeners(signal, 'abort').length
    const cut = new Error('cut')
    for (let round = 0; round < 130; round++) {
      const outcome = withTimeout(60_000, async (scope) => {
        const done: Promise<unknown>[] = []
        const never: Promise<unknown>[] = []
        for (let i = 0; i < 250; i++) {
          done.push(timers.setTimeout(0, undefined, { signal }))
          done.push(timers.setImmediate(undefined, { signal }))
          done.push(events.once(emitter, 'now', { signal }))
          if (i < 20) never.push(errorOf(events.once(emitter, 'never', { signal })))
        }
        if (round < 8) done.push(files.readFile(file, { signal }))
        emitter.emit('now')
        await Promise.all(done)
        if (listeners() !== 20) throw new Error(`${listeners()} listeners`)
        scope.cancel(cut)
        await Promise.all(never)
        throw cut
      })
      expect(await errorOf(outcome)).toBe(cut)
    }
    await turn()
    expect(listeners()).toBe(0)
    expect(emitter.eventNames()).toEqual([])
  })

  it('has no listener after fetches', async () => {
    const answering = http.createServer((_request, response) => response.end('x'))
    answering.listen(0, '127.0.0.1')
    await once(answering, 'listening')
    const { signal } = new AbortController()
    setMaxListeners(0, signal)
    const url = `http://127.0.0.1:${(answering.address() as AddressInfo).port}`
    await withTimeout(60_000, async () => {
      for (let round = 0; round < 6; round++) {
        const answers = Array.from({ length: 50 }, () =>
          fetch(url, { signal }).then((one) => one.text()),
        )
        await Promise.all(answers)
      }
    })
    await turn()
    globalThis.gc!()
    await turn()
    expect(getEventListeners(signal, 'abort').length).toBe(0)
    answering.close()
    answering.closeAllConnections()
  })
})
