import { pause, schedule } from '@greenhouse/scheduler'
import { Local } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'

interface Values {
  name: string
  count: number
}

describe('Local', () => {
  it('U31 keeps different values per greenlet across switches', async () => {
    const local = new Local<Values>()
    local.name = 'main'
    const names = ['a', 'b', 'c', 'd'].map((name, n) =>
      n % 2 === 0
        ? schedule(async () => {
            local.name = name
            for (let i = 0; i < 3; i++) await pause()
            return local.name
          })
        : schedule(function* () {
            local.name = name
            for (let i = 0; i < 3; i++) yield* pause()
            return local.name
          }),
    )
    for (const [at, greenlet] of names.entries()) expect(await greenlet.join()).toBe('abcd'[at])
    expect(local.name).toBe('main')
  })

  it('U32 what was set elsewhere is absent here', async () => {
    const local = new Local<Values>()
    local.name = 'main'
    expect(
      await schedule(() => ['name' in local, local.name, Object.keys(local)].join()).join(),
    ).toBe('false,,')
  })

  it('Q26 values can be deleted and listed', () => {
    const local = new Local<Values>()
    Object.assign(local, { name: 'x', count: 1 })
    expect({ ...local }).toEqual({ name: 'x', count: 1 })
    expect(Object.entries(local)).toEqual([
      ['name', 'x'],
      ['count', 1],
    ])
    delete local.name
    expect('name' in local).toBe(false)
    expect(JSON.stringify(local)).toBe('{"count":1}')
    expect(Object.getOwnPropertyDescriptor(local, 'count')?.value).toBe(1)
    Object.defineProperty(local, 'name', { value: 'defined', enumerable: true })
    expect(local.name).toBe('defined')
    expect(() => Object.defineProperty(local, 'name', { configurable: false })).toThrow(TypeError)
  })

  it('Q26 children inherit on request, a copy', async () => {
    const local = new Local<Values>({ inherit: true })
    local.name = 'main'
    const seen = await schedule(async () => {
      const before = local.name
      local.name = 'parent'
      local.count = 1
      const child = schedule(function* () {
        local.count = (local.count ?? 0) + 1
        yield* pause()
        return [local.name, local.count]
      })
      return [before, ...(await child.join()), local.count]
    }).join()
    expect(seen).toEqual(['main', 'parent', 2, 1])
    expect({ ...local }).toEqual({ name: 'main' })
  })

  it('is an object like others, with nothing in it at first', () => {
    const local = new Local()
    expect(local instanceof Local).toBe(true)
    expect(Object.keys(local)).toEqual([])
    expect(Object.prototype.toString.call(local)).toBe('[object Object]')
    expect(() => Object.freeze(local)).toThrow(TypeError)
    expect(() => new Local(1 as never)).toThrow(TypeError)
  })

  it('values go when their greenlet does', async () => {
    const local = new Local<{ big: object }>()
    let ref!: WeakRef<object>
    await schedule(() => {
      local.big = {}
      ref = new WeakRef(local.big)
    }).join()
    for (let i = 0; i < 20 && ref.deref() !== undefined; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      globalThis.gc!()
    }
    expect(ref.deref()).toBe(undefined)
  })
})
