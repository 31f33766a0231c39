// The rows of the ownership table that every patched call has: cut before its start, in flight, at its completion in the
// same turn, and after it.
import { expect } from 'vitest'
import {
  end,
  getCurrent,
  pause,
  schedule,
  withTimeout,
  type Scope,
  type WaitDump,
} from '@greenhouse/scheduler'
import { dumpGreenlet } from '@greenhouse/scheduler/kernel'
import { errorOf, turn } from './support.ts'

/** How the caller hears of an abort: Node's AbortError with the reason as its cause, or the reason itself. */
export type Hears = 'AbortError' | 'reason'

const isAbort = (error: unknown, reason: unknown, hears: Hears): void => {
  if (hears === 'reason') expect(error).toBe(reason)
  else {
    expect(error).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      message: 'The operation was aborted',
    })
    expect((error as Error).cause).toBe(reason)
  }
}

export async function cutBeforeStart(
  call: () => PromiseLike<unknown>,
  hears: Hears = 'AbortError',
): Promise<void> {
  let error: unknown
  const greenlet = schedule(async () => {
    // Not a wait of greenhouse: the end waits for the next one.
    await turn()
    error = await errorOf(call())
  })
  await pause()
  end(greenlet)
  await errorOf(greenlet.join())
  const reason = hears === 'reason' ? error : (error as Error | undefined)?.cause
  expect(reason).toMatchObject({ code: 'GH_EXIT' })
  isAbort(error, reason, hears)
}

export async function cutInFlight(
  call: () => PromiseLike<unknown>,
  hears: Hears = 'AbortError',
): Promise<void> {
  const reason = new Error('cut')
  let error: unknown
  const outcome = await errorOf(
    withTimeout(10_000, async (scope) => {
      await turn()
      const told = errorOf(call())
      expect(working()).not.toEqual([])
      scope.cancel(reason)
      error = await told
      expect(working()).toEqual([])
      throw error
    }),
  )
  isAbort(error, reason, hears)
  expect(outcome).toBe(reason)
}

/** Cuts a call short after 0, 1, 2, … microtasks and turns: it has one outcome, its value or the abort. */
export async function cutAtCompletion(
  call: () => PromiseLike<unknown>,
  right: (value: unknown) => void,
  hears: Hears = 'AbortError',
): Promise<void> {
  const reason = new Error('cut')
  const outcomes = { value: 0, abort: 0 }
  for (let round = 0; round < 40 && (round < 12 || outcomes.value === 0); round++) {
    const outcome = await errorOf(
      withTimeout(10_000, async (scope) => {
        const cancelling = cancelAfter(round, () => scope.cancel(reason))
        try {
          right(await call())
          outcomes.value++
        } catch (error) {
          isAbort(error, reason, hears)
          outcomes.abort++
        }
        await cancelling
      }),
    )
    // It may have been over by then.
    if (outcome !== undefined) expect(outcome).toBe(reason)
  }
  expect(outcomes.abort).toBeGreaterThan(0)
}

async function cancelAfter(round: number, cancel: () => void): Promise<void> {
  for (let i = 0; i < round % 4; i++) await Promise.resolve()
  for (let i = 0; i < round >> 2; i++) await turn()
  cancel()
}

export async function cutAfter(
  call: () => PromiseLike<unknown>,
  right: (value: unknown) => void,
): Promise<void> {
  const reason = new Error('cut')
  let kept: unknown
  const outcome = await errorOf(
    withTimeout(10_000, async (scope: Scope) => {
      kept = await call()
      // A request is over when it closes, which may be a moment later.
      await expect.poll(working, { interval: 1 }).toEqual([])
      scope.cancel(reason)
      await pause()
    }),
  )
  expect(outcome).toBe(reason)
  await turn()
  right(kept)
}

/** What belongs to the scopes of the current greenlet right now, but for the scopes themselves. */
export function working(): string[] {
  return dumpGreenlet(getCurrent()).waits.flatMap(kindsIn)
}

function kindsIn({ kind, inside }: WaitDump): string[] {
  return kind === 'withTimeout' ? (inside ?? []).flatMap(kindsIn) : [kind]
}
