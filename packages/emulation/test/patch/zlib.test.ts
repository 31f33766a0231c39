// The calls of zlib: the callback hears once and at once, and what the thread pool gives later comes to nobody.
import { AsyncLocalStorage } from 'node:async_hooks'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { end, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight, working } from './rows.ts'
import { errorOf, turn } from './support.ts'

type Calls = Record<string, (...args: unknown[]) => unknown>

const zlib = process.getBuiltinModule('zlib') as unknown as Calls
const promised = (name: string, input: unknown): Promise<unknown> =>
  (promisify(zlib[name]!) as (input: unknown) => Promise<unknown>)(input)
const text = Buffer.from('some text')
const UNPACKED: Record<string, string> = {
  inflate: 'deflate',
  inflateRaw: 'deflateRaw',
  gunzip: 'gzip',
  unzip: 'gzip',
  brotliDecompress: 'brotliCompress',
  zstdDecompress: 'zstdCompress',
}
/** Every function of the module with a callback: those that have a form without. */
const NAMES = Object.keys(zlib).filter(
  (name) => `${name}Sync` in zlib && !name.startsWith('create'),
)
const { gzipSync } = process.getBuiltinModule('zlib')

beforeEach(() => patch('zlib'))

describe('zlib', () => {
  it.each(NAMES)(
    '%s is cut before its start, in flight, at its completion and after',
    async (name) => {
      const packer = UNPACKED[name]
      const input = packer === undefined ? text : zlib[`${packer}Sync`]!(text)
      const expected = await promised(name, input)
      const call = (): Promise<unknown> => promised(name, input)
      const right = (given: unknown): void => expect(given).toEqual(expected)
      await cutBeforeStart(call)
      await cutInFlight(call)
      await cutAtCompletion(call, right)
      await cutAfter(call, right)
    },
  )

  it('calls the callback once, asynchronously, and in the context of its caller', async () => {
    const heard: unknown[] = []
    const storage = new AsyncLocalStorage<string>()
    const reason = new Error('cut')
    const big = Buffer.alloc(1_000_000)
    let done: Promise<unknown> = Promise.resolve()
    await errorOf(
      withTimeout(10_000, async (scope) => {
        storage.run('mine', () => {
          zlib['gzip']!(big, (...outcome: unknown[]) => {
            heard.push([storage.getStore(), ...outcome])
          })
        })
        // Whoever is outside hears of the work itself, which runs on; it was begun later.
        done = new Promise((resolve) => storage.exit(() => zlib['gzip']!(big, resolve)))
        scope.cancel(reason)
        expect(heard).toEqual([])
        await turn()
      }),
    )
    await done
    await new Promise((resolve) => zlib['gzip']!(big, resolve))
    expect(heard).toEqual([['mine', expect.objectContaining({ code: 'ABORT_ERR', cause: reason })]])
  })

  it('leaves the callback its arguments and its `this`', async () => {
    const callOf = (): Promise<unknown[]> =>
      new Promise((resolve) =>
        zlib['gzip']!(text, { level: 1 }, function (this: unknown, ...outcome: unknown[]) {
          resolve([this?.constructor.name, ...outcome])
        }),
      )
    const outside = await callOf()
    expect(outside.at(-1)).toEqual(gzipSync(text, { level: 1 }))
    expect(await withTimeout(10_000, callOf)).toEqual(outside)
  })

  it('throws Node’s own errors for bad arguments, and never calls back then', async () => {
    await withTimeout(10_000, async () => {
      let called = 0
      const callback = (): number => called++
      for (const args of [[], [text], [text, {}], [5, callback], [text, { level: 99 }, callback]]) {
        expect(() => zlib['gzip']!(...args)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
        )
      }
      await turn()
      expect(called).toBe(0)
      expect(working()).toEqual([])
      expect(await errorOf(promised('gunzip', text))).toMatchObject({ code: 'Z_DATA_ERROR' })
    })
  })

  it('belongs to a greenlet, and is cut with its end', async () => {
    let error: unknown
    const greenlet = schedule(async () => {
      error = await errorOf(promised('gzip', text))
      throw error
    })
    await pause()
    end(greenlet)
    expect(await errorOf(greenlet.join())).toMatchObject({ code: 'GH_EXIT' })
    expect(error).toMatchObject({ code: 'ABORT_ERR', cause: { code: 'GH_EXIT' } })
  })
})
