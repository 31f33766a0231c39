// The workers of a pool: one takes a job after the other, and outlives those that throw. One that is ended reports what
// became of its job before it goes. Twice the same loop, since a generator job is delegated to and any other is awaited.
import { getCurrent, type Steps } from '@greenhouse/scheduler'
import { isExitOf, isObject, settled } from './body.ts'
import type { Crew } from './crew.ts'

export async function poolWorker(crew: Crew): Promise<void> {
  const me = getCurrent()
  try {
    const { signal } = me
    for (let job = await crew.take(); ; job = await crew.take()) {
      if (job === null) {
        if (crew.closing) return
        continue
      }
      let failed = false
      let value: unknown
      crew.running++
      try {
        value = crew.fn(...job.args)
        if (isObject(value)) value = await settled(value)
      } catch (error) {
        failed = true
        value = error
      }
      crew.running--
      crew.finish(job, failed, value)
      if (failed && isExitOf(value, me)) throw value
      // Its job swallowed the end: it must not hit the next one.
      if (signal.aborted) return
    }
  } finally {
    crew.leave(me)
  }
}

export function* generatorPoolWorker(crew: Crew): Steps<void> {
  const me = getCurrent()
  try {
    const { signal } = me
    for (let job = yield* crew.take(); ; job = yield* crew.take()) {
      if (job === null) {
        if (crew.closing) return
        continue
      }
      let failed = false
      let value: unknown
      crew.running++
      try {
        value = yield* crew.fn(...job.args) as Steps<unknown>
      } catch (error) {
        failed = true
        value = error
      }
      crew.running--
      crew.finish(job, failed, value)
      if (failed && isExitOf(value, me)) throw value
      if (signal.aborted) return
    }
  } finally {
    crew.leave(me)
  }
}
