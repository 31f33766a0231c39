// The table of originals: what is replaced, for whom, and how exactly it is undone.
import { createRequire } from 'node:module'
import { inspect, promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { getOriginal, isPatched, patch, patchedContext, unpatch } from '@greenhouse/emulation'
import { definePatch } from '../../src/patch/registry.ts'
import { errorOf } from './support.ts'

const require = createRequire(import.meta.url)
const timers = require('node:timers/promises') as Record<string, unknown>

function subject() {
  async function original(this: unknown, a: number, _b = 1): Promise<unknown> {
    return [this, a]
  }
  const marked = Object.assign(original, { extra: 1, [promisify.custom]: () => 'custom' })
  Object.defineProperty(marked, 'fixed', { value: 2 })
  return {
    plain: marked,
    Maker: function Maker(this: { made: unknown }, value: unknown) {
      this.made = value
    } as unknown as new (value: unknown) => { made: unknown },
  }
}

const before = subject()
const module = before as unknown as Record<string, unknown>
const calls: unknown[] = []

definePatch({
  name: 'subject',
  present: () => false,
  replacements: () =>
    ['plain', 'Maker', 'absent', 'inherited', 'late'].map((key) => ({
      target: module,
      key,
      owned: (fn, self, args) => {
        calls.push(key)
        return Reflect.apply(fn, self, args)
      },
    })),
})

const inGreenlet = <T>(fn: () => T): Promise<T> =>
  Promise.resolve(withTimeout(1000, async () => fn()))

describe('patch', () => {
  beforeEach(() => {
    calls.length = 0
  })

  it('refuses an unknown name, and lists the known ones', () => {
    for (const use of [patch, unpatch, isPatched]) {
      expect(() => use('socket')).toThrow(
        expect.objectContaining({
          code: 'GH_INVALID_ARGUMENT',
          message: expect.stringMatching(
            /^Expected `name` to be one of child_process, .*timers\/promises/,
          ),
        }),
      )
    }
    expect(() => patch('fetch', 'net')).toThrow(/own\(socket\)/)
    expect(() => patch(5 as never)).toThrow(/one of/)
    expect(() => patchedContext(['nothing'], () => 1)).toThrow(/one of/)
    expect(isPatched('timers/promises')).toBe(false)
  })

  it('E01, E02: installs, and unpatch restores to the letter', () => {
    const keys = Reflect.ownKeys(timers)
    const descriptors = Object.getOwnPropertyDescriptors(timers)
    patch('timers/promises')
    expect(timers['setTimeout']).not.toBe(descriptors['setTimeout']!.value)
    expect(isPatched('node:timers/promises')).toBe(true)
    expect(getOriginal('timers/promises', 'setTimeout')).toBe(descriptors['setTimeout']!.value)
    expect(getOriginal('timers/promises', 'nothing')).toBe(undefined)
    unpatch('timers/promises')
    expect(Object.getOwnPropertyDescriptors(timers)).toEqual(descriptors)
    expect(timers['setTimeout']).toBe(descriptors['setTimeout']!.value)
    expect(Reflect.ownKeys(timers)).toEqual(keys)
    expect(isPatched('timers/promises')).toBe(false)
  })

  it('patches and restores everything by default', () => {
    const { fetch } = globalThis
    patch()
    expect([isPatched('fetch'), isPatched('timers/promises'), isPatched('subject')]).toEqual([
      true,
      true,
      false,
    ])
    unpatch()
    expect(globalThis.fetch).toBe(fetch)
    expect(isPatched('fetch')).toBe(false)
  })

  it('is seen by ES modules that have imported already', async () => {
    const name = 'node:timers/promises'
    const importers = (await import(name)) as Record<string, unknown>
    const direct = importers['setTimeout']
    patch('timers/promises')
    expect(importers['setTimeout']).not.toBe(direct)
    expect(importers['setTimeout']).toBe(timers['setTimeout'])
    unpatch('timers/promises')
    expect(importers['setTimeout']).toBe(direct)
  })

  it('done twice is done once', () => {
    const { plain } = before
    patch('subject')
    const once = before.plain
    patch('subject', 'subject')
    expect(before.plain).toBe(once)
    unpatch('subject')
    expect(before.plain).toBe(plain)
    unpatch('subject')
    expect(before.plain).toBe(plain)
  })

  it('leaves name, length, own properties, symbols and prototype of a function', async () => {
    const { plain } = before
    patch('subject')
    const patched = before.plain
    expect(patched).not.toBe(plain)
    expect(Object.getOwnPropertyDescriptors(patched)).toEqual(
      Object.getOwnPropertyDescriptors(plain),
    )
    expect(Object.getPrototypeOf(patched)).toBe(Object.getPrototypeOf(plain))
    expect(inspect(patched)).toMatch(/original/)
    expect(promisify(patched as never)).toBe(promisify(plain as never))
    expect(() => new (patched as unknown as new () => unknown)()).toThrow(TypeError)
    const self = {}
    expect(await patched.call(self, 1)).toEqual([self, 1])
  })

  it('leaves constructors constructors', () => {
    const { Maker } = before
    patch('subject')
    const made = new before.Maker(7)
    expect(made.made).toBe(7)
    expect(made).toBeInstanceOf(Maker)
    expect(made).toBeInstanceOf(before.Maker)
    class Sub extends before.Maker {}
    expect(new Sub(8)).toBeInstanceOf(Sub)
  })

  it('T10: deletes what had been inherited, and makes up nothing that was absent', () => {
    Object.setPrototypeOf(module, { inherited: () => 'inherited' })
    patch('subject')
    expect(Object.hasOwn(module, 'inherited')).toBe(true)
    expect(module['absent']).toBe(undefined)
    unpatch('subject')
    expect(Object.hasOwn(module, 'inherited')).toBe(false)
    expect(Object.hasOwn(module, 'absent')).toBe(false)
    Object.setPrototypeOf(module, Object.prototype)
  })

  it('keeps the flags of a property', () => {
    const hidden = (): string => 'hidden'
    Object.defineProperty(module, 'late', { value: hidden, configurable: true })
    patch('subject')
    expect(Object.getOwnPropertyDescriptor(module, 'late')).toMatchObject({ enumerable: false })
    unpatch('subject')
    expect(Object.getOwnPropertyDescriptor(module, 'late')).toEqual({
      value: hidden,
      configurable: true,
      enumerable: false,
      writable: false,
    })
    delete module['late']
  })

  it('acts only inside greenlets and scopes', async () => {
    patch('subject')
    await before.plain(1)
    expect(calls).toEqual([])
    await inGreenlet(() => before.plain(1))
    expect(calls).toEqual(['plain'])
    unpatch('subject')
    await inGreenlet(() => before.plain(1))
    expect(calls).toEqual(['plain'])
  })

  it('goes well with somebody who patched before', async () => {
    const { plain } = before
    const theirs: unknown[] = []
    const shim = ((...args: [number]) => {
      theirs.push(args)
      return plain(...args)
    }) as typeof plain
    before.plain = shim
    patch('subject')
    await inGreenlet(() => before.plain(3))
    expect([calls, theirs]).toEqual([['plain'], [[3]]])
    unpatch('subject')
    expect(before.plain).toBe(shim)
    before.plain = plain
  })

  it('goes well with somebody who patches after, in every order of undoing', async () => {
    const { plain } = before
    patch('subject')
    const ours = before.plain
    const theirs: unknown[] = []
    const shim = ((...args: [number]) => {
      theirs.push(args)
      return ours(...args)
    }) as typeof plain
    before.plain = shim

    // Ours goes first: theirs stays, and reaches the original.
    unpatch('subject')
    expect(before.plain).toBe(shim)
    expect(isPatched('subject')).toBe(false)
    await inGreenlet(() => before.plain(1))
    expect([calls, theirs]).toEqual([[], [[1]]])

    // Ours comes again: it acts where it is, once.
    patch('subject')
    expect(before.plain).toBe(shim)
    await inGreenlet(() => before.plain(2))
    expect([calls, theirs]).toEqual([['plain'], [[1], [2]]])

    // Theirs goes, with what they found; then ours.
    before.plain = ours
    unpatch('subject')
    expect(before.plain).toBe(plain)
  })

  it('is applied anew where somebody has put the original back', async () => {
    const { plain } = before
    patch('subject')
    before.plain = plain
    unpatch('subject')
    patch('subject')
    await inGreenlet(() => before.plain(2))
    expect(calls).toEqual(['plain'])
    unpatch('subject')
    expect(before.plain).toBe(plain)
  })
})

describe('patchedContext', () => {
  beforeEach(() => {
    calls.length = 0
  })

  it('patches while a function of any kind runs', async () => {
    const states: boolean[] = []
    const note = (): number => states.push(isPatched('subject'))
    await patchedContext('subject', note)
    await patchedContext(['subject'], async () => {
      await pause()
      note()
    })
    await schedule(function* () {
      yield* patchedContext(['subject'], function* () {
        yield* pause()
        return note()
      })
      note()
    }).join()
    expect(states).toEqual([true, true, true, false])
    expect(await patchedContext('subject', async () => 'its result')).toBe('its result')
  })

  it('Q22: undoes after an error, a time-out and an end', async () => {
    const failure = new Error('failed')
    const bodies = [
      () => {
        throw failure
      },
      async () => {
        throw failure
      },
      function* () {
        yield* pause()
        throw failure
      },
    ]
    for (const body of bodies) {
      expect(await errorOf(patchedContext('subject', body as () => Promise<never>))).toBe(failure)
      expect(isPatched('subject')).toBe(false)
    }
    const timedOut = withTimeout(1, () => patchedContext('subject', () => new Promise(() => {})))
    expect(await errorOf(timedOut)).toMatchObject({ code: 'GH_TIMEOUT' })
  })

  it('overlaps with others and with patch', async () => {
    const { plain } = before
    let finish: () => void = () => {}
    const held = patchedContext('subject', () => new Promise<void>((resolve) => (finish = resolve)))
    await patchedContext('subject', async () => pause())
    expect(isPatched('subject')).toBe(true)
    patch('subject')
    finish()
    await held
    expect(isPatched('subject')).toBe(true)
    await patchedContext('subject', async () => unpatch('subject'))
    expect(before.plain).toBe(plain)
  })

  it('with local: true reaches the calling greenlet alone', async () => {
    const { plain } = before
    const local = schedule(async () => {
      await patchedContext(
        'subject',
        async () => {
          await pause()
          await before.plain(1)
          await pause()
        },
        { local: true },
      )
      await before.plain(1)
    })
    const other = schedule(async () => {
      await pause()
      for (let i = 0; i < 3; i++) {
        await before.plain(2)
        await pause()
      }
    })
    await Promise.all([local.join(), other.join()])
    expect(calls).toEqual(['plain'])
    expect(before.plain).toBe(plain)
  })
})
