import { mkdtempSync, rmSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { end, greenlet, pauseFor, schedule, type Greenlet } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Lock, Queue } from '@greenhouse/util'
import { runDashboard } from '@greenhouse/backdoor'
import { Feed } from '../src/dashboard/feed.ts'
import { ask, dashboard, Events, log, Rows, type Frame } from './dashboard-support.ts'

const feeds: Events[] = []
const greenlets: Greenlet[] = []
afterEach(async () => {
  for (const feed of feeds.splice(0)) feed.close()
  for (const greenlet of greenlets.splice(0)) {
    end(greenlet)
    await greenlet.join().catch(() => {})
  }
})

async function watch(url: string): Promise<Events> {
  const feed = await Events.open(url)
  feeds.push(feed)
  return feed
}

function start(name: string, body: () => Generator): Greenlet {
  const made = greenlet(body as () => Generator<never>, { name })
  greenlets.push(made)
  return schedule(made)
}

/** A response whose client reads at once, or only when told to. */
class Reader extends Writable {
  readonly texts: string[] = []
  private readonly quick: boolean
  private taken: (() => void)[] = []

  constructor(quick: boolean) {
    super({ highWaterMark: 16, decodeStrings: false })
    this.quick = quick
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse
  }

  writeHead(): this {
    return this
  }

  override _write(text: string, _encoding: string, taken: () => void): void {
    this.texts.push(text)
    this.taken.push(taken)
    if (this.quick) this.read()
  }

  read(): void {
    for (const taken of this.taken.splice(0)) process.nextTick(taken)
  }

  frames(): Frame[] {
    return this.texts
      .filter((text) => text.startsWith('event: frame'))
      .map((text) => JSON.parse(text.split('data: ')[1]!) as Frame)
  }
}

const coded = (code: string) => expect.objectContaining({ code })

describe('runDashboard', () => {
  it('serves until its greenlet is ended, says where, and closes what is open', async () => {
    const { url, greenlet } = await dashboard()
    const feed = await watch(url)
    expect(log()).toEqual([
      `The dashboard is open at ${url.slice(7)}: every user of this machine can reach it, without authentication or TLS`,
    ])
    await feed.next()
    end(greenlet)
    await expect(greenlet.join()).rejects.toEqual(coded('GH_EXIT'))
    await expect(feed.next().then(async () => feed.next())).rejects.toThrow('ended')
    await expect(ask(url)).rejects.toEqual(coded('ECONNREFUSED'))
  })

  it('is ended by who hears that it listens, before it waits', async () => {
    const serving: Greenlet = schedule(() =>
      runDashboard('127.0.0.1:0', { onListening: () => end(serving) }),
    )
    await expect(serving.join()).rejects.toEqual(coded('GH_EXIT'))
  })

  it('refuses bad options, and addresses that the network can reach', () => {
    const wrong = coded('GH_INVALID_ARGUMENT')
    const run = (options: object) => () => runDashboard('127.0.0.1:0', options)
    expect(run({ intervalMs: 1 })).toThrow(wrong)
    expect(run({ maxClients: 0 })).toThrow(wrong)
    expect(run({ allow: ['all'] })).toThrow(wrong)
    expect(run({ hosts: ['a/b'] })).toThrow(wrong)
    expect(run({ auth: { token: 'short' } })).toThrow(wrong)
    expect(() => runDashboard('0.0.0.0:0')).toThrow(coded('GH_INVALID_STATE'))
    expect(() => runDashboard('0.0.0.0:0', { auth: { token: 'long enough, this' } })).toThrow(
      'TLS (option `tls`)',
    )
  })

  it('reports that its address is in use', async () => {
    const { port } = await dashboard()
    await expect(runDashboard({ host: '127.0.0.1', port })).rejects.toEqual(coded('EADDRINUSE'))
  })

  it.skipIf(process.platform === 'win32')('makes a UNIX socket for its user alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenhouse-'))
    const path = join(folder, 'dashboard.sock')
    const mode = await new Promise<number>((resolve) => {
      const serving = schedule(() =>
        runDashboard({ path }, { onListening: () => resolve(statSync(path).mode & 0o777) }),
      )
      greenlets.push(serving)
      serving.join().catch(() => {})
    })
    expect(mode).toBe(0o600)
    rmSync(folder, { recursive: true })
  })
})

describe('the feed', () => {
  it('sends everything first, then what has changed', async () => {
    const { url } = await dashboard({ intervalMs: 50 })
    const sleeper = start('sleeper', function* () {
      yield* pauseFor(60_000)
    })
    const feed = await watch(url)
    expect(await feed.hello).toMatchObject({ pid: process.pid, allowed: ['inspect'], login: false })
    const first = await feed.next()
    expect(first.whole).toBe(true)
    const rows = new Rows().take(first)
    expect(rows.named('sleeper')).toMatchObject({
      id: sleeper.id,
      state: 'blocked',
      kind: 'pauseFor',
    })
    expect(rows.named('main')).toBeDefined()

    const second = await feed.next()
    expect(second.whole).toBeUndefined()
    expect(second.frame).toBe(first.frame + 1)
    expect(second.rows.some(([id]) => id === sleeper.id)).toBe(false)

    end(sleeper)
    const late = start('late', function* () {
      yield* pauseFor(60_000)
    })
    await vi.waitFor(async () => {
      rows.take(await feed.next())
      expect(rows.named('sleeper')).toBeUndefined()
      expect(rows.named('late')?.id).toBe(late.id)
    })
  })

  it('tells who holds a lock and who waits for it, named or not', async () => {
    const { url } = await dashboard({ intervalMs: 50 })
    const lock = new Lock()
    const queue = new Queue<number>(10, { name: 'jobs' })
    await queue.put(1)
    const owner = start('owner', function* () {
      yield* lock.acquire()
      yield* pauseFor(60_000)
    })
    start('waiter', function* () {
      yield* lock.acquire()
    })
    const feed = await watch(url)
    const frame = await feed.next()
    const waiter = new Rows().take(frame).named('waiter')!
    expect(waiter).toMatchObject({ state: 'blocked', kind: 'Lock.acquire' })
    expect(frame.things).toContainEqual({
      id: waiter.thing,
      kind: 'Lock',
      statistics: { locked: true, waiting: 1 },
      holder: owner.id,
    })
    expect(frame.things).toContainEqual(
      expect.objectContaining({
        kind: 'Queue',
        name: 'jobs',
        statistics: expect.objectContaining({ size: 1, maxSize: 10 }),
      }),
    )
    // What has not changed is not sent again.
    expect((await feed.next()).things).toBeUndefined()
  })

  it('measures throughput and lag', async () => {
    const { url } = await dashboard({ intervalMs: 50 })
    start('busy', function* () {
      for (;;) yield* pauseFor(1)
    })
    const feed = await watch(url)
    await feed.next()
    const { figures } = await feed.next()
    const [wallMs, greenlets, , perSecond, lagMean, , lagMax, busy, heap] = figures as number[]
    expect(Math.abs(wallMs! - Date.now())).toBeLessThan(5000)
    expect(greenlets).toBeGreaterThan(2)
    expect(perSecond).toBeGreaterThan(10)
    expect(lagMax).toBeGreaterThanOrEqual(lagMean!)
    expect(busy).toBeGreaterThanOrEqual(0)
    expect(heap).toBeGreaterThan(1e6)
  })

  it('never queues more than a frame for a client that does not read, and then sends everything', () =>
    withVirtualClock(
      async (clock) => {
        const feed = new Feed(100, 4)
        const slow = new Reader(false)
        const quick = new Reader(true)
        for (const reader of [slow, quick]) start('feed', () => feed.serve(reader.response, {}))
        start('busy', function* () {
          for (;;) yield* pauseFor(30)
        })
        await clock.advance(16_000)
        expect(quick.frames().length).toBeGreaterThan(4)
        expect(quick.frames().filter(({ whole }) => whole)).toHaveLength(1)
        // The greeting is on its way, and nothing else has been said.
        expect(slow.texts).toHaveLength(1)
        expect(slow.writableLength).toBe(slow.texts[0]!.length)

        slow.read()
        await clock.advance(10_000)
        expect(slow.frames()).toHaveLength(1)
        expect(slow.frames()[0]).toMatchObject({ whole: true })
        slow.read()
        await clock.advance(1)
        expect(slow.destroyed).toBe(false)
        // One that goes on not reading is given up.
        await clock.advance(60_000)
        expect(slow.destroyed).toBe(true)
        expect(slow.frames()).toHaveLength(2)
        expect(slow.frames()[1]!.frame).toBeGreaterThan(slow.frames()[0]!.frame)
        expect(quick.destroyed).toBe(false)
      },
      { autojump: false },
    ))

  it('lets only so many watch, and forgets those that go', async () => {
    const { url } = await dashboard({ intervalMs: 50, maxClients: 1 })
    const one = await watch(url)
    await one.next()
    await expect(Events.open(url)).rejects.toThrow('503')
    one.close()
    await vi.waitFor(async () => (await watch(url)).next())
  })

  it('looks at nothing while nobody watches', async () => {
    const { url } = await dashboard({ intervalMs: 50 })
    const feed = await watch(url)
    const { frame } = await feed.next()
    feed.close()
    await vi.waitFor(async () => {
      const rows = new Rows()
      const { text } = await ask(`${url}/api/greenlet/0`)
      expect(text).toContain('main')
      const again = await watch(url)
      const first = await again.next()
      expect(rows.take(first).named('dashboard')).toBeDefined()
      expect(first.frame).toBeLessThan(frame + 4)
    })
  })
})
