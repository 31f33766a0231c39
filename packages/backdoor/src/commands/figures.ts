// Commands that show figures: of the loop, and of all that has registered itself with the kernel.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { dump, pauseFor, statistics, type GreenletDump, type WaitDump } from '@greenhouse/scheduler'
import { inspected, type Inspected } from '@greenhouse/scheduler/kernel'
import type { Command } from './command.ts'
import { table } from './table.ts'

export const figureCommands: readonly Command[] = [
  {
    name: 'loop',
    usage: '[SECONDS]',
    help: 'How the event loop does, watched for a second',
    permission: 'inspect',
    run: (seconds) => loop(Math.min(60, Number.parseFloat(seconds) || 1)),
  },
  {
    name: 'pools',
    help: 'Pools, queues, channels and servers with their figures',
    permission: 'inspect',
    run: () => listed((kind) => !LOCKS.test(kind) && !PATCHES.test(kind)),
  },
  {
    name: 'locks',
    help: 'Locks and the like: who has them, and who waits',
    permission: 'inspect',
    run: () => locks(),
  },
  {
    name: 'patches',
    help: 'What is patched',
    permission: 'inspect',
    run: () => listed((kind) => PATCHES.test(kind)),
  },
]

const LOCKS = /^(R?Lock|Condition|(Bounded)?Semaphore|Barrier|Event|Counter|RateLimiter)$/
const PATCHES = /patch/i

async function loop(seconds: number): Promise<string> {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  const before = { ...statistics(), use: performance.eventLoopUtilization() }
  delays.enable()
  try {
    await pauseFor(seconds * 1000)
  } finally {
    delays.disable()
  }
  const after = statistics()
  const use = performance.eventLoopUtilization(before.use)
  const { heapUsed, rss } = process.memoryUsage()
  // A delay counts from when its timer was set: what is above the resolution is lag.
  const lag = (nanoseconds: number) => `${Math.max(0, nanoseconds / 1e6 - 10).toFixed(1)} ms`
  return table(
    ['figure', 'value'],
    [
      ['lag, mean', lag(delays.mean || 0)],
      ['lag, 99 %', lag(delays.percentile(99))],
      ['lag, longest', lag(delays.max)],
      ['busy', `${(use.utilization * 100).toFixed(1)} %`],
      ['switches', `${Math.round((after.entriesRun - before.entriesRun) / seconds)} a second`],
      ['greenlets', `${after.greenlets}, ${after.ready} ready`],
      ['timers that keep the process alive', `${after.timers}`],
      ['heap', `${megabytes(heapUsed)} of ${megabytes(rss)} in memory`],
    ],
  )
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function listed(wanted: (kind: string) => boolean): string {
  const rows = inspected()
    .filter(({ kind }) => wanted(kind))
    .map(({ kind, object }) => [kind, object.name, figuresOf(object)])
  return rows.length === 0 ? 'None' : table(['kind', 'name', 'figures'], rows)
}

/** `workers 3, queued 0`: what something says of itself. */
export function figuresOf(object: Inspected['object']): string {
  try {
    return Object.entries(object.statistics())
      .map(
        ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
      )
      .join(', ')
  } catch (error) {
    return `(${String(error)})`
  }
}

/** Those with a name, and those without that somebody waits for or holds. */
function locks(): string {
  const waits = dump().greenlets.flatMap((greenlet) =>
    innermost(greenlet).map((wait) => ({ greenlet, wait })),
  )
  const rows = inspected()
    .filter(({ kind }) => LOCKS.test(kind))
    .map(({ kind, object }) => {
      const waiting = waits.filter(
        ({ wait }) => wait.on !== undefined && wait.on === object.name && kindOf(wait) === kind,
      )
      const holder = object.holder == null ? '' : `${object.holder.id} "${object.holder.name}"`
      return [kind, object.name, holder, figuresOf(object), waiting.map(waiterOf).join(', ')]
    })
  const nameless = waits
    .filter(({ wait }) => wait.on === undefined && LOCKS.test(kindOf(wait)))
    .map((waiter) => [
      kindOf(waiter.wait),
      '',
      waiter.wait.heldBy?.replace(/^greenlet /, ''),
      '',
      waiterOf(waiter),
    ])
  const all = [...rows, ...nameless]
  if (all.length === 0) return 'None'
  return table(['kind', 'name', 'held by', 'figures', 'waited for by'], all)
}

function kindOf(wait: WaitDump): string {
  return wait.kind.split('.')[0]!
}

function waiterOf({ greenlet, wait }: { greenlet: GreenletDump; wait: WaitDump }): string {
  return `${greenlet.id} "${greenlet.name}" (${wait.forMs} ms)`
}

function innermost({ waits }: { readonly waits: readonly WaitDump[] }): WaitDump[] {
  return waits.flatMap((wait) =>
    wait.inside === undefined ? [wait] : innermost({ waits: wait.inside }),
  )
}
