import { describe, expect, it, vi } from 'vitest'
import {
  end,
  globalExceptionHandler,
  moveOnAfter,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  scheduleException,
  shield,
  withTimeout,
  type Scope,
  type TimeoutError,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

const TIMEOUT = { code: 'GH_TIMEOUT' }

describe('withTimeout', () => {
  it('gives what the body gives, of each kind', async () => {
    expect(await withTimeout(1000, () => 1)).toBe(1)
    expect(await withTimeout(1000, async () => 2)).toBe(2)
    expect(
      await withTimeout(1000, function* () {
        yield* pause()
        return 3
      }),
    ).toBe(3)
    await expect(withTimeout(Infinity, () => Promise.reject(new Error('own')))).rejects.toThrow(
      'own',
    )
  })

  it('throws into the wait at the deadline, runs the cleanup, then rejects', () =>
    withVirtualClock(async (clock) => {
      const seen: string[] = []
      const timed = (kind: string) =>
        kind === 'async'
          ? withTimeout(10, async () => {
              try {
                await pauseFor(1000)
              } finally {
                await pauseFor(5)
                seen.push(`cleanup@${clock.now()}`)
              }
            })
          : withTimeout(10, function* () {
              try {
                yield* pauseFor(1000)
              } finally {
                yield* pauseFor(5)
                seen.push(`cleanup@${clock.now()}`)
              }
            })
      await expect(timed('async')).rejects.toMatchObject(TIMEOUT)
      await expect(timed('generator')).rejects.toMatchObject(TIMEOUT)
      expect(seen).toEqual(['cleanup@15', 'cleanup@30'])
    }))

  it('rejects at once when the body is on a foreign promise, which ends at its next wait', () =>
    withVirtualClock(async () => {
      const heard: unknown[] = []
      const handler = globalExceptionHandler((error) => heard.push(error))
      let release!: () => void
      const gate = new Promise<void>((resolve) => (release = resolve))
      const seen: string[] = []
      let signal!: AbortSignal
      const call = withTimeout(10, async (scope) => {
        signal = scope.signal
        await gate
        seen.push('gate open')
        await pauseFor(1).catch((error: { code: string }) => {
          seen.push(error.code)
          throw new Error('late')
        })
      })
      await expect(call).rejects.toMatchObject(TIMEOUT)
      expect(signal.aborted).toBe(true)
      expect(signal.reason).toMatchObject(TIMEOUT)
      expect(seen).toEqual([])
      release()
      await vi.waitFor(() => expect(heard).toHaveLength(1))
      expect(seen).toEqual(['gate open', 'GH_TIMEOUT'])
      removeGlobalExceptionHandler(handler)
    }))

  it('keeps deadlines of scopes side by side apart, in main and in one greenlet', () =>
    withVirtualClock(async (clock) => {
      const both = () =>
        Promise.allSettled([
          withTimeout(10, async () => pauseFor(50)),
          withTimeout(20, async () => pauseFor(50).then(() => 'b')),
          withTimeout(1000, async () => {
            await pauseFor(30)
            return clock.now()
          }),
        ])
      for (const outcome of [await both(), await schedule(both).join()]) {
        expect(outcome.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
      }
    }))

  it('tells a nested outer deadline from its own', () =>
    withVirtualClock(async () => {
      let outer!: Scope
      let inner!: Scope
      const scopes: unknown[] = []
      const call = withTimeout(10, async (scope) => {
        outer = scope
        await withTimeout(1000, async (scope) => {
          inner = scope
          await pauseFor(5000)
        }).catch((error: TimeoutError) => {
          scopes.push(error.scope)
          throw error
        })
      })
      await expect(call).rejects.toMatchObject(TIMEOUT)
      expect(scopes).toEqual([outer])
      expect([outer.timedOut, inner.timedOut]).toEqual([true, false])
    }))

  it('throws at its end when the body swallowed the time-out, and comes again after the grace', () =>
    withVirtualClock(async (clock) => {
      const times: number[] = []
      const call = withTimeout(10, async () => {
        while (times.length < 3) await pauseFor(400).catch(() => times.push(clock.now()))
        return 'swallowed'
      })
      await expect(call).rejects.toMatchObject(TIMEOUT)
      expect(times).toEqual([10, 1010, 2010])
    }))

  it('moves its deadline and is cancelled by hand', () =>
    withVirtualClock(async (clock) => {
      const call = withTimeout(10, async (scope) => {
        scope.extend(100)
        expect(scope.leftMs).toBe(100)
        await pauseFor(50)
        scope.extend(10)
        await pauseFor(1000)
      })
      await expect(call).rejects.toMatchObject({ code: 'GH_TIMEOUT', afterMs: 10 })
      expect(clock.now()).toBe(60)
      const byHand = withTimeout(1000, async (scope) => {
        scope.cancel(new Error('by hand'))
        expect(scope.signal.aborted).toBe(true)
        await pause()
      })
      await expect(byHand).rejects.toThrow('by hand')
    }))

  it('is ended with the greenlet around it, innermost first', async () => {
    const seen: string[] = []
    for (const kind of ['async', 'generator'] as const) {
      const one =
        kind === 'async'
          ? schedule(async () => {
              try {
                await withTimeout(5000, async () => {
                  try {
                    await pauseFor(5000)
                  } finally {
                    await pause()
                    seen.push('inner')
                  }
                })
              } finally {
                seen.push('outer')
              }
            })
          : schedule(function* () {
              try {
                yield* withTimeout(5000, function* () {
                  try {
                    yield* pauseFor(5000)
                  } finally {
                    yield* pause()
                    seen.push('inner')
                  }
                })
              } finally {
                seen.push('outer')
              }
            })
      await pause()
      await pause()
      end(one)
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(one.state).toBe('ended')
    }
    expect(seen).toEqual(['inner', 'outer', 'inner', 'outer'])
  })

  it('refuses bad arguments', () => {
    expect(() => withTimeout(-1, () => 1)).toThrow(RangeError)
    expect(() => withTimeout((() => 1) as never, 5 as never)).toThrow(TypeError)
    expect(() => withTimeout(5, 5 as never)).toThrow(/`fn` to be a function/)
  })
})

describe('moveOnAfter', () => {
  it('goes on without an error at the deadline, and keeps other errors', () =>
    withVirtualClock(async (clock) => {
      let scope!: Scope
      const value = await moveOnAfter(10, async (own) => {
        scope = own
        await pauseFor(1000)
        return 'done'
      })
      expect([value, scope.timedOut, clock.now()]).toEqual([undefined, true, 10])
      expect(await moveOnAfter(10, () => 'quick')).toBe('quick')
      await expect(moveOnAfter(10, () => Promise.reject(new Error('own')))).rejects.toThrow('own')
      expect(await moveOnAfter(10, () => new Promise<string>(() => {}))).toBe(undefined)
    }))

  it('lets the end of its greenlet through', async () => {
    const one = schedule(async () => {
      await moveOnAfter(5000, async () => pauseFor(5000))
      return 'went on'
    })
    await pause()
    end(one)
    await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
  })
})

describe('the signal of a scope', () => {
  const reasonIn = (signal: AbortSignal): unknown =>
    signal.aborted ? ((signal.reason as { code?: string }).code ?? signal.reason) : 'not aborted'
  const LONG_MS = 60_000
  /** Three scopes, each in the one before, and one in a shield. */
  const nested = () => {
    const scopes: Scope[] = []
    const one = schedule(async () => {
      await withTimeout(LONG_MS, async (outer) => {
        scopes.push(outer)
        await moveOnAfter(LONG_MS, async (inner) => {
          scopes.push(inner)
          await shield(() =>
            withTimeout(5, async (shielded) => {
              scopes.push(shielded)
              await pauseFor(LONG_MS)
            }),
          )
        })
      })
    })
    void one.join().catch(() => {})
    return { one, scopes, reasons: () => scopes.map(({ signal }) => reasonIn(signal)) }
  }
  const DONE_BY: [string, boolean][] = [
    ['is asked for before', true],
    ['is asked for after', false],
  ]

  it.each(DONE_BY)('aborts with the end of its greenlet: %s', (_when, before) =>
    withVirtualClock(async () => {
      const { one, reasons } = nested()
      await pause()
      if (before) expect(reasons()).toEqual(['not aborted', 'not aborted', 'not aborted'])
      end(one)
      expect(reasons()).toEqual(['GH_EXIT', 'GH_EXIT', 'not aborted'])
      await one.join().catch(() => {})
    }),
  )

  it.each(DONE_BY)('aborts with a scope around it: %s', (_when, before) =>
    withVirtualClock(async () => {
      const { one, scopes, reasons } = nested()
      await pause()
      if (before) reasons()
      scopes[0]!.cancel('enough')
      expect(reasons()).toEqual(['enough', 'enough', 'not aborted'])
      await one.join().catch(() => {})
    }),
  )

  it('does not abort by an exception, which the body may catch', () =>
    withVirtualClock(async () => {
      const { one, reasons } = nested()
      await pause()
      reasons()
      scheduleException(new Error('thrown'), one)
      expect(reasons()).toEqual(['not aborted', 'not aborted', 'not aborted'])
      await one.join().catch(() => {})
    }))
})

describe('shield', () => {
  it('lets cleanup be whole, and delivers the end at the first wait after it', async () => {
    for (const kind of ['async', 'generator'] as const) {
      const seen: string[] = []
      const one =
        kind === 'async'
          ? schedule(async () => {
              await shield(async () => {
                await pauseFor(2)
                seen.push('shielded')
              })
              seen.push('after the shield')
              await pause()
              seen.push('never')
            })
          : schedule(function* () {
              yield* shield(function* () {
                yield* pauseFor(2)
                seen.push('shielded')
              })
              seen.push('after the shield')
              yield* pause()
              seen.push('never')
            })
      await pause()
      end(one)
      await expect(one.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(seen).toEqual(['shielded', 'after the shield'])
    }
  })

  it('runs in the cleanup of an ended greenlet, also when the end is not delivered yet', async () => {
    const seen: string[] = []
    const one = schedule(async () => {
      try {
        await pauseFor(1000)
      } finally {
        scheduleException(new Error('another'), one)
        await shield(() => pause())
        seen.push('whole')
      }
    })
    await pause()
    end(one)
    await one.join().catch(() => {})
    expect(seen).toEqual(['whole'])
  })
})
