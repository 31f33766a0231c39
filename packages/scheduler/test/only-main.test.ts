// Whether only main lives: then nobody looks for the current scope, so that a count that is wrong would lose work or keep it.
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  end,
  Group,
  moveOnAfter,
  pause,
  pauseFor,
  schedule,
  shield,
  withTimeout,
} from '@greenhouse/scheduler'
import { ensureContexts, inScope } from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { onlyMainLives } from '../src/core/registry.ts'

const BOOM = new Error('boom')

async function inside(): Promise<void> {
  expect([onlyMainLives(), inScope()]).toEqual([false, true])
  await pause()
  expect([onlyMainLives(), inScope()]).toEqual([false, true])
}

async function fails(): Promise<never> {
  await inside()
  throw BOOM
}

function* steps(): Generator<unknown, void, unknown> {
  expect([onlyMainLives(), inScope()]).toEqual([false, true])
  yield* pause()
}

beforeEach(() => ensureContexts())
beforeEach(() => expect([onlyMainLives(), inScope()]).toEqual([true, false]))
afterEach(() => expect([onlyMainLives(), inScope()]).toEqual([true, false]))

it.each<[string, () => PromiseLike<unknown>]>([
  ['a greenlet', () => schedule(inside).join()],
  ['a scope with an async body', () => withTimeout(1000, inside)],
  ['a scope with a generator', () => withTimeout(1000, steps as never)],
  ['a scope with a plain function', () => withTimeout(1000, () => 1)],
  ['a shield', () => shield(inside)],
  ['a group', () => Group.run(async (group) => void group.schedule(inside))],
  ['scopes in each other', () => withTimeout(1000, () => moveOnAfter(1000, () => shield(inside)))],
  ['scopes at once', () => Promise.all([withTimeout(1000, inside), withTimeout(1000, inside)])],
])('is known after %s', async (_name, run) => {
  await run()
})

it.each<[string, () => PromiseLike<unknown>]>([
  ['a greenlet', () => schedule(fails).join()],
  ['a scope', () => withTimeout(1000, fails)],
  [
    'a scope with a plain function',
    () =>
      withTimeout(1000, () => {
        throw BOOM
      }),
  ],
  ['a group', () => Group.run(fails)],
])('is known after %s that failed', async (_name, run) => {
  await expect(run().then()).rejects.toThrow()
})

it('is known after time-outs and ends', () =>
  withVirtualClock(async () => {
    const late = withTimeout(10, () => pauseFor(1000))
    await expect(late.then()).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    expect(await moveOnAfter(10, () => pauseFor(1000))).toBe(undefined)
    const waits = schedule(async () => withTimeout(1000, async () => pauseFor(500)))
    await pause()
    end(waits)
    await expect(waits.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
  }))

it('is known only when a body that was left behind is through', () =>
  withVirtualClock(async () => {
    let goOn = (): void => {}
    const foreign = new Promise<void>((resolve) => (goOn = resolve))
    const left = withTimeout(10, async () => foreign)
    await expect(left.then()).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    expect(onlyMainLives()).toBe(false)
    goOn()
    await pauseFor(1)
  }))
