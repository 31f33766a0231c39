// The workers of a `map`: each takes items and calls the function until there are no more, there is no room, or the map is
// over. Twice the same loop, since a generator's calls are delegated to and any other's are awaited.
import { getCurrent, type Steps } from '@greenhouse/scheduler'
import { complete } from '@greenhouse/scheduler/kernel'
import { isObject, settled } from './body.ts'
import type { Mapping } from './mapping.ts'

export async function mapWorker<I, T>(mapping: Mapping<I, T>): Promise<void> {
  const me = getCurrent()
  const { fn, breather } = mapping
  const source = mapping.source!
  try {
    while (!source.done && !source.pulling) {
      const step = source.sync === null ? await source.pull() : source.pullNow()
      if (mapping.over || step.done === true) return
      const index = mapping.taken++
      mapping.hire()
      let value = fn(step.value)
      if (isObject(value)) value = await settled(value)
      if (mapping.over || !mapping.accept(index, value as T)) return
      if (mapping.outlet.array !== null && --breather.left <= 0) await breather.look()
    }
  } catch (error) {
    mapping.failed(error, me)
  } finally {
    mapping.leave(me)
  }
}

export function* generatorMapWorker<I, T>(mapping: Mapping<I, T>): Steps<void> {
  const me = getCurrent()
  const { fn } = mapping
  const source = mapping.source!
  try {
    while (!source.done) {
      const step = source.pullNow()
      if (mapping.over || step.done === true) return
      const index = mapping.taken++
      mapping.hire()
      const value = yield* fn(step.value) as Steps<T>
      if (mapping.over || !mapping.accept(index, value)) return
      if (mapping.outlet.array !== null) yield* complete(undefined)
    }
  } catch (error) {
    mapping.failed(error, me)
  } finally {
    mapping.leave(me)
  }
}
