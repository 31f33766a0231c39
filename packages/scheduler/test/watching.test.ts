import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import {
  assertSwitches,
  globalExceptionHandler,
  monitor,
  pause,
  pauseFor,
  publishDiagnostics,
  removeGlobalExceptionHandler,
  schedule,
  trace,
  type Blockage,
} from '@greenhouse/scheduler'

describe('publishDiagnostics', () => {
  it('publishes spawn, switch, block, wake, end, error and uncaught, until it is stopped', async () => {
    const seen: string[] = []
    const names = ['spawn', 'switch', 'block', 'wake', 'end', 'error', 'uncaught']
    const listeners = names.map((name) => {
      const listener = (message: unknown) => {
        const { greenlet, kind } = message as { greenlet: { name: string }; kind?: string }
        if (greenlet.name === 'job')
          seen.push(kind === undefined || kind === null ? name : `${name} ${kind}`)
      }
      subscribe(`greenhouse:${name}`, listener)
      return () => unsubscribe(`greenhouse:${name}`, listener)
    })
    const stop = publishDiagnostics()
    const job = function* job() {
      yield* pauseFor(1)
      throw new Error('failed')
    }
    await expect(schedule(job).join()).rejects.toThrow('failed')
    const joined = seen.splice(0)
    let failures = 0
    const handler = globalExceptionHandler(() => failures++)
    schedule(job)
    await expect.poll(() => failures).toBe(1)
    const alone = seen.splice(0)
    stop()
    schedule(job)
    await expect.poll(() => failures).toBe(2)
    removeGlobalExceptionHandler(handler)
    for (const forget of listeners) forget()
    const start = ['spawn', 'wake', 'switch', 'block pauseFor']
    const events = [...start, 'wake', 'switch', 'error', 'end']
    expect([joined, alone, seen]).toEqual([events, [...events, 'uncaught'], []])
  })
})

describe('trace', () => {
  it('writes a track a greenlet, with what it ran and what it waited for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenhouse-trace-'))
    const file = join(folder, 'trace.json')
    const recording = trace(file)
    const job = schedule(function* job() {
      yield* pauseFor(2)
    })
    await job.join()
    await recording.stop()
    const events = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>[]
    await rm(folder, { recursive: true })
    expect(events).toHaveLength(recording.events)
    const own = events.filter(({ tid }) => tid === job.id)
    expect(own).toContainEqual(
      expect.objectContaining({ ph: 'M', args: { name: `${job.id} job` } }),
    )
    const wait = own.find(({ cat }) => cat === 'wait')
    expect(wait).toMatchObject({ name: 'pauseFor', ph: 'X' })
    expect(wait!['dur']).toBeGreaterThanOrEqual(1900)
    expect(own.filter(({ cat }) => cat === 'run')).toHaveLength(2)
  })

  it('rejects at stop when the file cannot be written', async () => {
    await expect(trace(join(tmpdir(), 'no', 'such', 'folder.json')).stop()).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })
})

describe('monitor', () => {
  it('names the greenlet that holds the event loop, with its stack while it is stuck', async () => {
    const seen: Blockage[] = []
    const atSpin = ({ holder, stack }: Blockage) =>
      holder.includes('busy') && stack.some((line) => line.includes('spin'))
    const watch = await monitor({ thresholdMs: 40, onBlocked: (blockage) => seen.push(blockage) })
    await schedule(async function busy() {
      function spin() {
        const untilMs = performance.now() + 200
        while (performance.now() < untilMs);
      }
      // On a loaded machine the watchdog's thread may miss a stretch, or look when it is just over.
      while (!seen.some(atSpin)) {
        await pauseFor(20)
        spin()
      }
    }).join()
    await watch.stop()
    const blockage = seen.find(atSpin)!
    expect(blockage.holder).toMatch(/^greenlet \d+ "busy"$/)
    expect(blockage.forMs).toBeGreaterThanOrEqual(40)
  })

  it('reports neither itself nor an idle process', async () => {
    const seen: Blockage[] = []
    const watch = await monitor({ thresholdMs: 10, onBlocked: (blockage) => seen.push(blockage) })
    await pauseFor(200)
    await watch.stop()
    expect(seen).toEqual([])
  })

  it('refuses a worker thread, whose main thread it would watch', async () => {
    const url = new URL('../src/index.ts', import.meta.url).href
    const worker = new Worker(
      `import('tsx/esm/api')
        .then(({ register }) => register())
        .then(() => import('${url}'))
        .then(({ monitor }) => monitor())
        .catch(({ code }) => require('node:worker_threads').parentPort.postMessage(code))`,
      {
        eval: true,
        execArgv: [],
        env: { ...process.env, GREENHOUSE_MONITOR: '50' },
      },
    )
    expect((await once(worker, 'message'))[0]).toBe('GH_UNSUPPORTED')
    await worker.terminate()
  })

  it('runs once, and refuses a threshold below 10 ms', async () => {
    await expect(monitor({ thresholdMs: 1 })).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
    const watch = await monitor()
    await expect(monitor()).rejects.toMatchObject({ code: 'GH_INVALID_STATE' })
    await watch.stop()
    await watch.stop()
  })
})

describe('assertSwitches', () => {
  it('fails for a function that never lets go', async () => {
    await assertSwitches(() => pause())
    await expect(assertSwitches(() => 1)).rejects.toMatchObject({ code: 'GH_INVALID_STATE' })
  })
})
