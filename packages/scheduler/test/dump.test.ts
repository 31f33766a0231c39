import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  dump,
  end,
  formatDump,
  getCurrent,
  greenlet,
  pause,
  pauseFor,
  recordSites,
  schedule,
  statistics,
  wait,
  withTimeout,
  type Greenlet,
  type Steps,
} from '@greenhouse/scheduler'
import {
  attach,
  detach,
  dumpGreenlet,
  giveFalse,
  innermostWait,
  inspectable,
  livingGreenlets,
  WaitList,
  Work,
} from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { exitReport } from '../src/core/exit-report.ts'

describe('dump', () => {
  it('shows each greenlet with its kind, state, waits, deadline and scopes', () =>
    withVirtualClock(
      async (clock) => {
        const holder = schedule(async function holder() {
          await pauseFor(5000)
        })
        const lock = { name: 'db', holder, statistics: () => ({}) }
        const list = new WaitList('Lock.acquire', null, lock)
        const waiter = schedule(function* waiter() {
          yield* withTimeout(700, function* () {
            yield* list.park(undefined, undefined, giveFalse)
          })
        })
        const unstarted = greenlet(() => 1, { name: 'later', daemon: true })
        await clock.advance(200)
        const seen = dump().greenlets
        const of = (id: number) => seen.find((one) => one.id === id)
        expect(of(holder.id)).toMatchObject({
          name: 'holder',
          kind: 'async',
          state: 'blocked',
          waits: [{ kind: 'pauseFor', forMs: 200 }],
        })
        expect(of(waiter.id)).toMatchObject({
          kind: 'generator',
          waits: [
            {
              kind: 'withTimeout',
              leftMs: 500,
              inside: [
                { kind: 'Lock.acquire', on: 'db', heldBy: `greenlet ${holder.id} "holder"` },
              ],
            },
          ],
        })
        expect(of(unstarted.id)).toMatchObject({ kind: 'unstarted', name: 'later', daemon: true })
        expect(formatDump()).toContain(
          `withTimeout for 200 ms, 500 ms left > Lock.acquire on "db" for 200 ms, held by greenlet ${holder.id} "holder"`,
        )
        for (const one of [waiter, holder, unstarted]) end(one)
        await clock.advance(0)
        expect(dump().greenlets.map(({ id }) => id)).not.toContain(holder.id)
      },
      { autojump: false },
    ))

  it('indents greenlets below who spawned them', async () => {
    const parent = schedule(async function parent() {
      const child = schedule(async function child() {
        await pauseFor(1000)
      })
      await child.join()
    })
    await pause()
    await pause()
    const lines = formatDump().split('\n')
    const at = lines.findIndex((line) => line.includes('"parent"'))
    expect(lines.slice(at).find((line) => line.includes('"child"'))).toMatch(/^ {2}\d/)
    const child = dump().greenlets.find(({ name }) => name === 'child')!
    expect(child.parent).toBe(parent.id)
    expect(statistics().greenlets).toBeGreaterThanOrEqual(3)
    end(parent)
  })

  it('shows work of the outside world beside the waits', async () => {
    class Fetch extends Work {
      readonly kind = 'fetch'
    }
    const one = schedule(async function fetching() {
      const work = new Fetch()
      attach(work)
      await wait(new Promise(() => {})).finally(() => detach(work))
    })
    await pause()
    expect(formatDump()).toMatch(
      /"fetching" async, blocked\n +waits for wait for \d+ ms\n +waits for fetch for \d+ ms/,
    )
    end(one)
    await one.join().catch(() => {})
  })

  it('shows a line of descent however long it is', async () => {
    const GENERATIONS = 12_000
    const all: Greenlet[] = []
    const deeper = function* (): Steps<void> {
      all.push(getCurrent())
      if (all.length < GENERATIONS) schedule(deeper)
      yield* pauseFor(60_000)
    }
    schedule(deeper)
    while (all.length < GENERATIONS) await pauseFor(1)
    const lines = formatDump().split('\n')
    expect(lines.filter((line) => line.includes('"deeper"'))).toHaveLength(GENERATIONS)
    for (const one of all) end(one)
    await pause()
  })

  it('names the places of spawn and wait when they are recorded', async () => {
    recordSites(true)
    const one = schedule(async function sited() {
      await pauseFor(1000)
    })
    await pause()
    recordSites(false)
    const seen = dump().greenlets.find(({ id }) => id === one.id)!
    expect(seen.spawnSite).toContain('dump.test.ts')
    expect(seen.waits[0]!.site).toContain('dump.test.ts')
    end(one)
  })

  it('shows who ignored the end, and scopes whose body was left behind', () =>
    withVirtualClock(async () => {
      let stop = false
      const stubborn = schedule(async () => {
        while (!stop) await pauseFor(400).catch(() => {})
      })
      const left = schedule(async () => {
        await withTimeout(10, () => new Promise<void>(() => {})).catch(() => {})
        await pauseFor(5000)
      })
      await pause()
      end(stubborn)
      await pauseFor(1500)
      const of = (id: number) => dump().greenlets.find((one) => one.id === id)!
      expect(of(stubborn.id).ignoredEndAt).toBe('pauseFor')
      expect(of(left.id).abandoned).toEqual(['withTimeout'])
      stop = true
      end(left)
      await stubborn.join()
    }))

  it('looks at one greenlet alone, and at what it waits for innermost', () =>
    withVirtualClock(async () => {
      const sleeper = schedule(function* sleeper() {
        yield* withTimeout(700, function* () {
          yield* pauseFor(50)
        })
      })
      expect(innermostWait(sleeper)).toBe(null)
      await pause()
      expect(livingGreenlets()).toContain(sleeper)
      expect(innermostWait(sleeper)?.source.kind).toBe('pauseFor')
      expect(dumpGreenlet(sleeper)).toMatchObject({ name: 'sleeper', waits: [{ leftMs: 700 }] })
      end(sleeper)
      await sleeper.join().catch(() => {})
      expect(livingGreenlets()).not.toContain(sleeper)
      expect(innermostWait(sleeper)).toBe(null)
    }))

  it('lists what registered itself, for as long as it lives', () => {
    const pool = { name: 'pages', statistics: () => ({ busy: 2 }) }
    inspectable('Pool', pool)
    expect(dump().registered).toContainEqual({
      kind: 'Pool',
      name: 'pages',
      statistics: { busy: 2 },
    })
    expect(formatDump()).toContain('Pool "pages": {"busy":2}')
  })
})

describe('the report at exit', () => {
  it('says who waits for a lock or any join, and not who idles on a queue, nor daemons', async () => {
    const lock = new WaitList('Lock.acquire')
    const queue = new WaitList('Queue.get')
    const undone = new WaitList('Queue.join')
    const park = (list: WaitList) => async () =>
      void (await list.park(undefined, undefined, giveFalse))
    const all = [
      schedule(greenlet(park(lock), { name: 'stuck' })),
      schedule(greenlet(park(queue), { name: 'idle' })),
      schedule(greenlet(park(undone), { name: 'joining' })),
      schedule(greenlet(park(lock), { name: 'daemon', daemon: true })),
    ]
    await pause()
    expect(exitReport(undefined)).toMatch(
      /^greenhouse: .*\n {2}greenlet \d+ "stuck" waits for Lock/,
    )
    expect(exitReport(undefined)).toMatch(/"joining" waits for Queue.join/)
    expect(exitReport(undefined)).not.toMatch(/idle|daemon/)
    expect(exitReport('all')).toMatch(/"idle"/)
    expect(exitReport('off')).toBe(null)
    for (const one of all) end(one)
  })

  it('is written when a process ends while main waits, and leaves the exit code to Node', async () => {
    const program = `
      import { schedule, pauseFor } from '@greenhouse/scheduler'
      import { WaitList, giveFalse } from '@greenhouse/scheduler/kernel'
      await new WaitList('Lock.acquire').park(undefined, undefined, giveFalse)`
    const run = promisify(execFile)(
      process.execPath,
      ['--conditions=@greenhouse/source', '--import', 'tsx', '--input-type=module', '-e', program],
      { cwd: import.meta.dirname },
    )
    await expect(run).rejects.toMatchObject({
      code: 13,
      stderr: expect.stringMatching(/greenlet 0 "main" waits for Lock.acquire/) as string,
    })
  })
})
