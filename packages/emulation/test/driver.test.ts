// Green code as part of a greenlet: who it is, how it is ended, what it blocks.
import { end, getCurrent, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { WaitList } from '@greenhouse/scheduler/kernel'
import { afterEach, describe, expect, it } from 'vitest'
import {
  attachTwin,
  blockedPlaces,
  callGreen,
  forgetBlocked,
  runSync,
  runtime,
  suspend,
  twinOf,
  type Callable,
} from '../src/rt/index.ts'
import { compileScript, operation } from './mask.ts'

function load(source: string, names: Record<string, unknown>): Callable {
  // oxlint-disable-next-line typescript/no-implied-eval
  const wrapper = new Function(
    '$_G',
    ...Object.keys(names),
    `${compileScript(source)}\nreturn main`,
  )
  return wrapper(runtime, ...Object.values(names)) as Callable
}

/** `op(x)` gives x in a later turn of the loop. */
function operations(): { op: Callable; log: unknown[]; record: (x: unknown) => void } {
  const op = (x: unknown): unknown => x
  attachTwin(op, (x) => suspend(operation(x)))
  const log: unknown[] = []
  return { op, log, record: (x) => void log.push(x) }
}

const never = new WaitList('for ever')

afterEach(() => forgetBlocked())

describe('callGreen', () => {
  it('blocks only its greenlet', async () => {
    const { op, log, record } = operations()
    const main = load('function main(n) { for (let i = 0; i < 3; i++) log(n + op(i)) }', {
      op,
      log: record,
    })
    const greenlets = ['a', 'b'].map((name) =>
      schedule(function* () {
        yield* callGreen(main, undefined, [name])
      }),
    )
    for (const greenlet of greenlets) await greenlet.join()
    expect(log).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
  })

  it('can be awaited, inside and outside of greenlets', async () => {
    const { op } = operations()
    const main = load('function main(x) { return op(x) + op(1) }', { op })
    expect(await callGreen(main, undefined, [1])).toBe(2)
    expect(await schedule(async () => callGreen(main, undefined, [2])).join()).toBe(3)
    await expect(callGreen(main, undefined, [{ valueOf: null, toString: null }])).rejects.toThrow(
      TypeError,
    )
  })

  it('knows the current greenlet after a wait', async () => {
    const { op } = operations()
    const main = load('function main() { const a = who(); op(1); return [a, who()] }', {
      op,
      who: getCurrent,
    })
    const greenlet = schedule(function* () {
      return yield* callGreen(main, undefined, [])
    })
    expect(await greenlet.join()).toEqual([greenlet, greenlet])
  })

  it('throws the end of its greenlet where it waits, and runs finally blocks, which may wait', async () => {
    const { op, log, record } = operations()
    const main = load(
      `function main() { try { inner() } catch (e) { log('caught ' + e.name); throw e } finally { log(op('outer')) } }
       function inner() { const each = (x) => { try { wait(x) } finally { log(op('inner')) } }; [1].forEach(each) }`,
      {
        op,
        log: record,
        wait: (() => {
          const wait = (): void => undefined
          attachTwin(wait, () =>
            suspend({
              kind: 'for ever',
              start: () => never.park(null, undefined, () => undefined),
              sync: () => 0,
            }),
          )
          return wait
        })(),
      },
    )
    const greenlet = schedule(function* () {
      yield* callGreen(main, undefined, [])
    })
    await pause()
    await pause()
    end(greenlet)
    await greenlet.join().catch(() => undefined)
    expect(log).toEqual(['inner', 'caught GreenletExit', 'outer'])
  })

  it('is reached by a time-out', async () => {
    const { op } = operations()
    const main = load('function main() { for (;;) op(1) }', { op })
    await expect(
      withTimeout(5, function* () {
        yield* callGreen(main, undefined, [])
      }),
    ).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
  })

  it('lets an async function go on by itself, green, after its first await', async () => {
    const { op, log, record } = operations()
    const main = load(
      `async function job(n) { log('in' + op(n)); await null; log('out' + op(n)); return n }
       function main() { const p = job(1); log('called'); return p }`,
      { op, log: record },
    )
    expect(await callGreen(main, undefined, [])).toBe(1)
    expect(log).toEqual(['in1', 'called', 'out1'])
    expect(blockedPlaces()).toEqual([])
  })
})

describe('Blocking', () => {
  it('blocks, counted, behind what cannot be suspended', async () => {
    const { op } = operations()
    const main = load('function main() { return [3, 1, 2].sort((a, b) => op(a) - op(b)) }', { op })
    expect(await callGreen(main, undefined, [])).toEqual([1, 2, 3])
    const [place] = blockedPlaces()
    expect(place).toMatchObject({ kind: 'op', count: expect.any(Number) as number })
    expect(blockedPlaces().reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(3)
  })

  it('runs a function by its twin without suspending anything', () => {
    const { op } = operations()
    const main = load('function main(x) { return [1, 2].map((y) => op(x + y)) }', { op })
    expect(runSync(main, undefined, [1])).toEqual([2, 3])
    expect(main(2)).toEqual([3, 4])
    expect(blockedPlaces()).toEqual([])
  })

  it('gives a twin to its own function only', () => {
    const main = load('function main() { return op() }', { op: 0 })
    const heir = Object.setPrototypeOf(() => 0, main) as Callable
    expect(twinOf(main)).toBeTypeOf('function')
    expect(twinOf(heir)).toBeUndefined()
    expect(twinOf(null)).toBeUndefined()
  })
})
