// A trace in the format of Chrome and Perfetto: one track a greenlet, with what it ran and what it waited for.
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { wrongType } from './check.ts'
import type { CoreGreenlet } from './core/greenlet.ts'
import { unwatchSwitches, watchSwitches, type SwitchWatcher } from './core/switches.ts'
import { unwatchLives, waitKind, watchLives, type LifeWatcher } from './core/telemetry.ts'
import { currentClock } from './core/timers.ts'

/** A trace that is being written. */
export interface Trace {
  /** How many events have been written. */
  readonly events: number
  /** Ends the trace; its file is complete when the promise is fulfilled. */
  stop(): Promise<void>
}

/**
 * Writes what greenlets do to a file, one track a greenlet, for `chrome://tracing` or Perfetto.
 *
 * Costs nothing when off; on, some hundred nanoseconds a switch.
 *
 * @param file - The path of the file; it is replaced.
 * @returns the trace, to be stopped.
 * @throws {GH_INVALID_ARGUMENT} when the path is no string; `stop` rejects with Node's error when the file cannot be written.
 * @example
 * ```ts
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { pauseFor, schedule, trace } from '@greenhouse/scheduler'
 *
 * const recording = trace(join(tmpdir(), 'greenhouse-example-trace.json'))
 * await schedule(() => pauseFor(1)).join()
 * await recording.stop()
 * console.log(recording.events > 0) // => true
 * ```
 */
export function trace(file: string): Trace {
  if (typeof file !== 'string' || file === '') wrongType('file', 'a path', file)
  const out = createWriteStream(file)
  const done = finished(out)
  done.catch(() => {})
  const tracks = new Map<number, string>()
  let events = 0
  let enteredMs = 0

  const write = (event: object) => {
    out.write(`${events++ === 0 ? '[\n' : ',\n'}${JSON.stringify({ pid: process.pid, ...event })}`)
  }
  const track = ({ id, name }: { id: number; name: string }) => {
    if (tracks.get(id) === name) return
    tracks.set(id, name)
    write({ ph: 'M', tid: id, name: 'thread_name', args: { name: `${id} ${name}` } })
  }
  const blockedSince = new Map<number, { atMs: number; kind: string }>()
  const nowMs = () => currentClock().now()

  const switches: SwitchWatcher = {
    entered({ greenlet }) {
      track(greenlet)
      enteredMs = nowMs()
      const blocked = blockedSince.get(greenlet.id)
      blockedSince.delete(greenlet.id)
      if (blocked !== undefined)
        write(span(greenlet.id, blocked.kind, 'wait', blocked.atMs, enteredMs))
    },
    left(scope) {
      const { id } = scope.greenlet
      const atMs = nowMs()
      write(span(id, 'run', 'run', enteredMs, atMs))
      const kind = waitKind(scope)
      if (kind !== null) blockedSince.set(id, { atMs, kind })
    },
    idle() {},
  }
  const lives: LifeWatcher = {
    spawned: (greenlet: CoreGreenlet) => write(instant(greenlet.id, 'spawn', nowMs())),
    ended: (greenlet, failed) => {
      blockedSince.delete(greenlet.id)
      write(instant(greenlet.id, failed ? 'fail' : 'end', nowMs()))
    },
  }
  watchSwitches(switches)
  watchLives(lives)
  return {
    get events() {
      return events
    },
    async stop() {
      unwatchSwitches(switches)
      unwatchLives(lives)
      out.end(events === 0 ? '[]\n' : '\n]\n')
      await done
    },
  }
}

/** A complete event, in microseconds as the format wants it. */
function span(tid: number, name: string, cat: string, fromMs: number, toMs: number): object {
  return { ph: 'X', tid, name, cat, ts: fromMs * 1000, dur: Math.max(0, toMs - fromMs) * 1000 }
}

function instant(tid: number, name: string, atMs: number): object {
  return { ph: 'i', s: 't', tid, name, ts: atMs * 1000 }
}
