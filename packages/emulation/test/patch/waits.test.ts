// Waits of Node that are promises: timers/promises, events, stream/promises.
import { createHook } from 'node:async_hooks'
import { EventEmitter, getEventListeners } from 'node:events'
import { PassThrough, Readable, Writable } from 'node:stream'
import stream from 'node:stream'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { patch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight } from './rows.ts'
import { errorOf, turn } from './support.ts'

const timers = process.getBuiltinModule('timers/promises')
const events = process.getBuiltinModule('events')
const streams = process.getBuiltinModule('stream/promises')

beforeEach(() => patch('timers/promises', 'events', 'stream/promises'))

const aborted = { name: 'AbortError', code: 'ABORT_ERR' }

/** The timers that are set for so many milliseconds while something runs: others of the process come and go. */
async function timersOf(ms: number, run: () => Promise<unknown>): Promise<NodeTimer[]> {
  const made: NodeTimer[] = []
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'Timeout' && (resource as NodeTimer)._idleTimeout === ms)
        made.push(resource as NodeTimer)
    },
  }).enable()
  await run()
  hook.disable()
  return made
}

interface NodeTimer {
  readonly _idleTimeout: number
  readonly _destroyed: boolean
}

const eventually = (emit: (emitter: EventEmitter) => void): EventEmitter => {
  const emitter = new EventEmitter()
  setImmediate(emit, emitter)
  return emitter
}

const WAITS: [string, () => Promise<unknown>, unknown][] = [
  ['setTimeout', () => timers.setTimeout(1, 'value'), 'value'],
  ['setTimeout with options', () => timers.setTimeout(1, 'value', { ref: true }), 'value'],
  [
    'setTimeout with a signal',
    () => timers.setTimeout(1, 'value', { signal: new AbortController().signal }),
    'value',
  ],
  ['setTimeout, promisified', () => promisify(setTimeout)(1, 'value'), 'value'],
  ['setImmediate', () => timers.setImmediate('value'), 'value'],
  ['setImmediate with options', () => timers.setImmediate('value', { ref: true }), 'value'],
  ['setInterval', () => timers.setInterval(1, 'value').next(), { done: false, value: 'value' }],
  ['scheduler.wait', () => timers.scheduler.wait(1), undefined],
  ['scheduler.wait with options', () => timers.scheduler.wait(1, {}), undefined],
  ['scheduler.yield', () => timers.scheduler.yield(), undefined],
  [
    'once',
    () =>
      events.once(
        eventually((one) => one.emit('it', 'value')),
        'it',
      ),
    ['value'],
  ],
  [
    'once a signal of the process',
    () => {
      setImmediate(() => process.emit('SIGUSR2', 'SIGUSR2'))
      return events.once(process, 'SIGUSR2')
    },
    ['SIGUSR2'],
  ],
  [
    'on',
    () =>
      events
        .on(
          eventually((one) => one.emit('it', 'value')),
          'it',
        )
        .next(),
    { done: false, value: ['value'] },
  ],
  ['pipeline', () => streams.pipeline(Readable.from(['x']), new PassThrough().resume()), undefined],
  [
    'pipeline with options',
    () => streams.pipeline(Readable.from(['x']), new PassThrough().resume(), { end: true }),
    undefined,
  ],
  [
    'pipeline of generators',
    () =>
      streams.pipeline(
        ['x'],
        async function* (source) {
          yield* source
        },
        async () => 'value',
      ),
    'value',
  ],
  [
    'pipeline, promisified',
    () => promisify(stream.pipeline)(Readable.from(['x']), new PassThrough().resume()),
    undefined,
  ],
  ['finished', () => streams.finished(Readable.from(['x']).resume()), undefined],
  [
    'finished, promisified',
    () => promisify(stream.finished)(Readable.from([]).resume()),
    undefined,
  ],
]

describe.each(WAITS)('%s', (_, call, value) => {
  const right = (given: unknown): void => expect(given).toEqual(value)
  it('is cut before its start, in flight, at its completion and after', async () => {
    await cutBeforeStart(call)
    await cutInFlight(call)
    await cutAtCompletion(call, right)
    await cutAfter(call, right)
  })
})

describe('timers/promises', () => {
  it('leaves no timer, and takes no longer than the deadline', async () => {
    const begun = performance.now()
    let error: unknown
    const made = await timersOf(60_000, async () => {
      error = await errorOf(
        withTimeout(20, async () =>
          Promise.all([
            timers.setTimeout(60_000),
            timers.scheduler.wait(60_000),
            timers.setInterval(60_000).next(),
            timers.setTimeout(60_000, 1, { signal: new AbortController().signal }),
          ]),
        ),
      )
    })
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    expect(performance.now() - begun).toBeLessThan(10_000)
    await turn()
    expect(made.map(({ _destroyed }) => _destroyed)).toEqual([true, true, true, true])
  })

  it('tells the dump since when it waits', async () => {
    const greenlet = schedule(async () => timers.setTimeout(60_000))
    const waitMs = (): number =>
      greenlet.blockedOn.find(({ kind }) => kind === 'setTimeout')?.forMs ?? NaN
    await pause()
    expect(waitMs()).toBeLessThan(1000)
    const begun = performance.now()
    await expect.poll(waitMs, { interval: 5 }).toBeGreaterThan(30)
    expect(performance.now() - begun).toBeGreaterThan(10)
    end(greenlet)
    await errorOf(greenlet.join())
  })

  it('gives Node’s own errors for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      const bad = timers.setTimeout as unknown as (...args: unknown[]) => Promise<unknown>
      for (const args of [
        ['1'],
        [1, 2, 3],
        [1, 2, []],
        [1, 2, { ref: 1 }],
        [1, 2, { signal: 1 }],
      ]) {
        expect(await errorOf(bad(...args))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
      }
      const wait = Reflect.get(timers.scheduler, 'wait') as (ms: number) => unknown
      expect(() => Reflect.apply(wait, {}, [1])).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_THIS' }),
      )
    })
  })

  it('an interval goes on where the consumer is not waiting at the cancel', async () => {
    const values: unknown[] = []
    await withTimeout(10_000, async () => {
      for await (const value of timers.setInterval(1, 'tick')) {
        values.push(value)
        if (values.length === 3) break
      }
    })
    expect(values).toEqual(['tick', 'tick', 'tick'])
  })
})

describe('events', () => {
  it('leaves no listener', async () => {
    const emitter = new EventEmitter()
    await errorOf(
      withTimeout(10, async () =>
        Promise.all([events.once(emitter, 'it'), events.on(emitter, 'it').next()]),
      ),
    )
    await turn()
    expect(emitter.eventNames()).toEqual([])
  })

  it('hears the caller’s own signal, and leaves nothing on it', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const emitter = eventually((one) => one.emit('it', 1))
    await withTimeout(10_000, async () => {
      await events.once(emitter, 'it', { signal })
      expect(getEventListeners(signal, 'abort')).toEqual([])
      const waiting = events.once(emitter, 'it', { signal })
      expect(getEventListeners(signal, 'abort')).toHaveLength(1)
      controller.abort(new Error('mine'))
      expect(await errorOf(waiting)).toMatchObject({ ...aborted, cause: { message: 'mine' } })
      expect(await errorOf(events.once(emitter, 'it', { signal }))).toMatchObject(aborted)
      expect(emitter.eventNames()).toEqual([])
    })
  })

  it('rejects with the error of the emitter', async () => {
    const emitter = eventually((one) => one.emit('error', new Error('its own')))
    const waiting = withTimeout(10_000, async () => events.once(emitter, 'it'))
    expect(await errorOf(waiting)).toMatchObject({ message: 'its own' })
  })

  it('T1: one who waits again and again after its end is not fed with aborts', async () => {
    // execa does so: it asks for 'exit' until there is one.
    const emitter = new EventEmitter()
    let rounds = 0
    const greenlet = schedule(async () => {
      let done = false
      while (!done) {
        rounds++
        done = await events.once(emitter, 'exit').then(
          () => true,
          () => false,
        )
      }
    })
    await pause()
    end(greenlet)
    await pauseFor(60)
    expect(rounds).toBe(2)
    // Again per grace period (a second): no more than one round each.
    await pauseFor(2000)
    expect(rounds).toBeLessThanOrEqual(4)
    expect(rounds).toBeGreaterThanOrEqual(3)
    emitter.emit('exit')
    await errorOf(greenlet.join())
    expect(emitter.eventNames()).toEqual([])
  })

  it('silences the abort of what nobody waits for', async () => {
    // The set-up of the tests fails this one for an unhandled rejection.
    await errorOf(
      withTimeout(5, async () => {
        void events.once(new EventEmitter(), 'it')
        void timers.setTimeout(60_000)
        await pauseFor(60_000)
      }),
    )
    await turn()
  })
})

describe('stream/promises', () => {
  it('a pipeline destroys its streams, and spares the last with { end: false }', async () => {
    const source = new PassThrough()
    const target = new PassThrough()
    const shared = new PassThrough()
    const [first, second] = [new PassThrough(), new PassThrough()]
    const errors = await Promise.all([
      errorOf(withTimeout(10, async () => streams.pipeline(source, target))),
      errorOf(withTimeout(10, async () => streams.pipeline(first, second, shared, { end: false }))),
    ])
    for (const error of errors) expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    await turn()
    expect([source, target, first, second].map((one) => one.destroyed)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(shared.destroyed).toBe(false)
  })

  it('hears the caller’s own signal', async () => {
    const controller = new AbortController()
    const { signal } = controller
    await withTimeout(10_000, async () => {
      const [source, target] = [new PassThrough(), new PassThrough()]
      const piping = streams.pipeline(source, target, { signal })
      const waiting = streams.finished(new PassThrough(), { signal })
      controller.abort(new Error('mine'))
      expect(await errorOf(piping)).toMatchObject({ ...aborted, cause: { message: 'mine' } })
      expect(await errorOf(waiting)).toMatchObject({ ...aborted, cause: { message: 'mine' } })
    })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('rejects with the error of a stream, and with Node’s own for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) })
      expect(await errorOf(streams.pipeline(Readable.from(['x']), failing))).toMatchObject({
        message: 'full',
      })
      const bad = streams.pipeline as unknown as (...args: unknown[]) => Promise<unknown>
      for (const args of [[], [new PassThrough()], [new PassThrough(), { signal: 5 }]]) {
        expect((await errorOf(bad(...args))) as { code?: string }).toMatchObject({
          code: expect.stringMatching(/^ERR_/),
        })
      }
    })
  })
})
