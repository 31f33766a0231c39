// Questions of readline and readline/promises, and the waits for lines.
import { getEventListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pauseFor, withTimeout } from '@greenhouse/scheduler'
import { patch, unpatch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight, working } from './rows.ts'
import { errorOf, turn } from './support.ts'

const readline = process.getBuiltinModule('readline')
const promises = process.getBuiltinModule('readline/promises')
const aborted = { name: 'AbortError', code: 'ABORT_ERR' }
const open: { close(): void }[] = []

beforeEach(() => patch('readline', 'readline/promises', 'events'))
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

/** An interface, and what types into it. */
function terminal<I extends { close(): void }>(
  make: (streams: { input: PassThrough; output: PassThrough }) => I,
): { asking: I; type: (text: string) => void } {
  const input = new PassThrough()
  const output = new PassThrough()
  output.resume()
  const asking = make({ input, output })
  open.push(asking)
  return { asking, type: (text) => void input.write(text) }
}
const callbacks = () => terminal((streams) => readline.createInterface(streams))
const promising = () => terminal((streams) => promises.createInterface(streams))

const soon = <T>({ asking, type }: { asking: T; type: (text: string) => void }): T => {
  setImmediate(type, 'answer\n')
  return asking
}
type Ask = (query: string, options?: object) => Promise<string>
const promisified = (asking: ReturnType<typeof callbacks>['asking']): Ask =>
  (promisify(Reflect.get(asking, 'question') as () => void) as unknown as Ask).bind(asking)

const WAITS: [string, () => Promise<unknown>, unknown][] = [
  ['question of readline/promises', () => soon(promising()).question('?'), 'answer'],
  [
    'question with options',
    () => soon(promising()).question('?', { signal: new AbortController().signal }),
    'answer',
  ],
  ['question, promisified', () => promisified(soon(callbacks()))('?'), 'answer'],
  [
    'question, promisified, with options',
    () => promisified(soon(callbacks()))('?', { signal: new AbortController().signal }),
    'answer',
  ],
  [
    'lines of readline',
    () => soon(callbacks())[Symbol.asyncIterator]().next(),
    { done: false, value: 'answer' },
  ],
  [
    'lines of readline/promises',
    () => soon(promising())[Symbol.asyncIterator]().next(),
    { done: false, value: 'answer' },
  ],
]

describe.each(WAITS)('%s', (_, call, value) => {
  it('is cut before its start, in flight, at its completion and after', async () => {
    const right = (given: unknown): void => expect(given).toEqual(value)
    await cutBeforeStart(call)
    await cutInFlight(call)
    await cutAtCompletion(call, right)
    await cutAfter(call, right)
  })
})

describe('a question', () => {
  it.each([
    [
      'of readline/promises',
      () => promising(),
      (one: never) => (one as { question: Ask }).question.bind(one),
    ],
    ['promisified', () => callbacks(), promisified as (one: never) => Ask],
  ] as const)(
    '%s is withdrawn, and the next one asked gets the next line',
    async (_, make, asker) => {
      const { asking, type } = make()
      const ask = asker(asking as never)
      expect(await errorOf(withTimeout(10, async () => ask('first?')))).toMatchObject({
        code: 'GH_TIMEOUT',
        cause: aborted,
      })
      const answer = withTimeout(10_000, async () => ask('second?'))
      setImmediate(type, 'line\n')
      expect(await answer).toBe('line')
    },
  )

  it('of somebody else stays when one that found no room is aborted', async () => {
    const { asking, type } = promising()
    const first = withTimeout(10_000, async () => asking.question('first?'))
    expect(await errorOf(withTimeout(10, async () => asking.question('second?')))).toMatchObject({
      code: 'GH_TIMEOUT',
    })
    setImmediate(type, 'line\n')
    expect(await first).toBe('line')
  })

  it('hears the caller’s own signal, and leaves nothing on it', async () => {
    for (const ask of [
      promisified(callbacks().asking),
      (...args: [string, object]) => promising().asking.question(...args),
    ]) {
      const controller = new AbortController()
      const { signal } = controller
      await withTimeout(10_000, async () => {
        const cut = withTimeout(10, async () => ask('first?', { signal }))
        expect(await errorOf(cut)).toMatchObject({ code: 'GH_TIMEOUT' })
        expect(getEventListeners(signal, 'abort')).toEqual([])
        const waiting = ask('second?', { signal })
        controller.abort(new Error('mine'))
        expect(await errorOf(waiting)).toMatchObject({ ...aborted, cause: { message: 'mine' } })
        expect(await errorOf(ask('third?', { signal }))).toMatchObject(aborted)
      })
      expect(getEventListeners(signal, 'abort')).toEqual([])
    }
  })

  it('belongs to its scope once', async () => {
    const { asking, type } = callbacks()
    await withTimeout(10_000, async () => {
      await turn()
      const answer = promisified(asking)('?')
      expect(working()).toEqual(['readline.question'])
      type('line\n')
      expect(await answer).toBe('line')
      expect(working()).toEqual([])
    })
  })

  it('gives Node’s own errors', async () => {
    const { asking } = promising()
    asking.close()
    await withTimeout(10_000, async () => {
      expect(await errorOf(asking.question('?'))).toMatchObject({ code: 'ERR_USE_AFTER_CLOSE' })
      expect(await errorOf(asking.question('?', { signal: 5 } as never))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
      })
      expect(() => callbacks().asking.question('?', { signal: 5 } as never, () => {})).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
    })
  })
})

describe('a question with a callback', () => {
  it('calls it with the answer', async () => {
    const { asking, type } = callbacks()
    setImmediate(type, 'line\nagain\n')
    await withTimeout(10_000, async () => {
      expect(await new Promise((resolve) => asking.question('?', resolve))).toBe('line')
    })
  })

  it('is withdrawn, as by Node’s own signal: the callback is not called', async () => {
    const { asking, type } = callbacks()
    const heard: string[] = []
    const error = await errorOf(
      withTimeout(10, async () => {
        asking.question('first?', (answer) => heard.push(answer))
        await pauseFor(60_000)
      }),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    const answer = new Promise((resolve) => asking.question('second?', resolve))
    type('line\n')
    expect(await answer).toBe('line')
    expect(heard).toEqual([])
  })

  it('is over with the caller’s own signal, on which nothing stays', async () => {
    const controllers = [new AbortController(), new AbortController()] as const
    const { asking, type } = callbacks()
    await withTimeout(10_000, async () => {
      const [first, second] = controllers
      await turn()
      asking.question('first?', { signal: first.signal }, () => expect.unreachable())
      expect(working()).toEqual(['readline.question'])
      first.abort()
      expect(working()).toEqual([])
      setImmediate(type, 'line\n')
      const answer = new Promise((resolve) =>
        asking.question('second?', { signal: second.signal }, resolve),
      )
      expect(await answer).toBe('line')
      expect(working()).toEqual([])
      asking.question('third?', { signal: first.signal }, () => expect.unreachable())
      expect(working()).toEqual([])
    })
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('the lines of an interface', () => {
  it('are each waited for: an abort removes the listeners and leaves the interface open', async () => {
    const { asking, type } = callbacks()
    const lines: string[] = []
    const reading = withTimeout(30, async () => {
      for await (const line of asking) lines.push(line)
    })
    type('one\ntwo\n')
    expect(await errorOf(reading)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    expect(lines).toEqual(['one', 'two'])
    expect(asking.listenerCount('line')).toBe(0)
    const answer = new Promise((resolve) => asking.question('?', resolve))
    type('three\n')
    expect(await answer).toBe('three')
  })

  it('come from one iterator, whose waits are owned once', async () => {
    const { asking } = callbacks()
    await withTimeout(10_000, async () => {
      const [first, second] = [asking[Symbol.asyncIterator](), asking[Symbol.asyncIterator]()]
      expect(second).toBe(first)
      const { next } = first as unknown as Record<string, unknown>
      asking[Symbol.asyncIterator]()
      expect(Reflect.get(first, 'next')).toBe(next)
    })
  })

  it('end with the interface', async () => {
    const { asking, type } = promising()
    setImmediate(() => {
      type('one\n')
      setImmediate(() => asking.close())
    })
    const lines: string[] = []
    await withTimeout(10_000, async () => {
      for await (const line of asking) lines.push(line)
    })
    expect(lines).toEqual(['one'])
  })
})

describe('unpatch', () => {
  it('puts everything back', async () => {
    const base = Object.getPrototypeOf(readline.Interface.prototype) as object
    const seen = (): unknown[] => [
      Reflect.get(readline.Interface.prototype, 'question'),
      promisify(Reflect.get(readline.Interface.prototype, 'question') as () => void),
      Reflect.get(promises.Interface.prototype, 'question'),
      Reflect.get(base, Symbol.asyncIterator),
    ]
    const patched = seen()
    unpatch()
    const before = seen()
    for (const [at, one] of patched.entries()) expect(one).not.toBe(before[at])
    patch('readline/promises')
    patch('readline')
    unpatch('readline/promises')
    unpatch('readline')
    expect(seen()).toEqual(before)
    await turn()
  })
})
