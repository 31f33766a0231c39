// Work of the outside world that belongs to a scope.
import { describe, expect, it } from 'vitest'
import {
  end,
  getCurrent,
  Group,
  pause,
  pauseFor,
  schedule,
  wait,
  withTimeout,
} from '@greenhouse/scheduler'
import {
  attach,
  detach,
  ensureContexts,
  inScope,
  leaveOpen,
  outsideScopes,
  takePendingInterruption,
  Work,
} from '@greenhouse/scheduler/kernel'
import { withVirtualClock } from '@greenhouse/scheduler/testing'

class Fake extends Work {
  readonly kind = 'fake'
  reasons: unknown[] = []
  wasIn: unknown
  reject: (error: unknown) => void = () => {}

  override abort(reason: unknown): void {
    this.reasons.push(reason)
    this.wasIn = inScope() ? getCurrent() : null
    this.reject(new DOMException('The operation was aborted', 'AbortError'))
  }

  begin(): Promise<never> {
    attach(this)
    return new Promise((_resolve, reject) => {
      this.reject = reject
    })
  }
}

const codeOf = async (promise: PromiseLike<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: { code?: unknown }) => error.code,
  )

describe('Work', () => {
  it('belongs to nobody outside every scope', () => {
    expect(inScope()).toBe(false)
    expect(attach(new Fake())).toBe(false)
    expect(takePendingInterruption()).toBe(null)
  })

  it('is aborted at the deadline, in its own scope, and the error of the body stands for the time-out', async () => {
    const work = new Fake()
    let greenlet: unknown
    const outcome = withTimeout(5, async () => {
      greenlet = getCurrent()
      await work.begin()
    })
    const error = await outcome.then(null, (thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: { name: 'AbortError' } })
    expect(work.reasons).toEqual([error])
    expect(work.wasIn).toBe(greenlet)
  })

  it('is aborted by an end, which it delivers: the greenlet ends without an error', async () => {
    const work = new Fake()
    const seen: unknown[] = []
    const greenlet = schedule(async () => {
      ensureContexts()
      await work.begin().catch((error: Error) => seen.push(error.name))
      await pause()
      seen.push('not thrown again')
      await new Fake().begin()
    })
    await pause()
    expect(greenlet.blockedOn).toMatchObject([{ kind: 'fake' }])
    end(greenlet)
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual(['AbortError', 'not thrown again'])
    // What it began after its end is aborted after the grace period.
    expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
    expect(greenlet.state).toBe('ended')
  })

  it('does not keep an interruption from the wait of a generator', async () => {
    const work = new Fake()
    const greenlet = schedule(function* () {
      work.begin().catch(() => {})
      yield* wait(new Promise(() => {}))
    })
    await pause()
    end(greenlet)
    expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
    expect(work.reasons).toHaveLength(1)
  })

  it('passes to the scope around at a normal end, and is aborted with it', async () => {
    const work = new Fake()
    const error = await withTimeout(20, async () => {
      let pending: Promise<never> | undefined
      await withTimeout(1000, async () => {
        pending = work.begin()
      })
      await pending
    }).then(null, (thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', afterMs: 20 })
    expect(work.reasons).toEqual([error])
  })

  it('is aborted when its scope fails', async () => {
    const work = new Fake()
    const failure = new Error('failed')
    const outcome = withTimeout(1000, async () => {
      work.begin().catch(() => {})
      throw failure
    })
    await expect(outcome).rejects.toBe(failure)
    expect(work.reasons).toEqual([failure])
  })

  it('is free at the end of a greenlet that nobody is around of', async () => {
    const work = new Fake()
    await schedule(async () => {
      work.begin().catch(() => {})
    }).join()
    expect(detach(work)).toBe(false)
    expect(work.reasons).toEqual([])
  })

  it('is not aborted once it is detached', async () => {
    const work = new Fake()
    const outcome = withTimeout(5, async () => {
      work.begin().catch(() => {})
      expect(detach(work)).toBe(true)
      await wait(new Promise(() => {}))
    })
    expect(await codeOf(outcome)).toBe('GH_TIMEOUT')
    expect(work.reasons).toEqual([])
  })

  it('begun in a callback of a closed scope belongs to the nearest living one', async () => {
    const work = new Fake()
    const outcome = withTimeout(20, async () => {
      let callBack: () => void = () => {}
      const called = new Promise<void>((resolve) => {
        callBack = resolve
      })
      await withTimeout(1000, async () => {
        setImmediate(() => {
          work.begin().catch(() => {})
          callBack()
        })
      })
      await called
      await wait(new Promise(() => {}))
    })
    expect(await codeOf(outcome)).toBe('GH_TIMEOUT')
    expect(work.reasons).toHaveLength(1)
  })

  it('belongs to nobody inside outsideScopes', async () => {
    await schedule(function* () {
      expect(inScope()).toBe(true)
      expect(outsideScopes(inScope)).toBe(false)
      expect(inScope()).toBe(true)
      yield* pause()
    }).join()
    await schedule(async () => {
      await pause()
      expect(outsideScopes(() => inScope())).toBe(false)
      expect(outsideScopes((a: number, b: number) => a + b, 1, 2)).toBe(3)
      expect(inScope()).toBe(true)
    }).join()
  })

  it('is not begun where an interruption waits to be thrown', async () => {
    let met: unknown
    const greenlet = schedule(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      met = takePendingInterruption()?.error
      throw met
    })
    await pause()
    end(greenlet)
    expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
    expect(met).toMatchObject({ code: 'GH_EXIT' })
  })

  it('does not make a scope wait for ever for a body that its abort does not reach', async () => {
    const outcome = withTimeout(5, async () => {
      new Fake().begin().catch(() => {})
      await new Promise(() => {})
    })
    expect(await codeOf(outcome)).toBe('GH_TIMEOUT')
  })

  it('leaves an interruption to the next wait where the consumer had its outcome before', async () => {
    class Done extends Fake {
      override abort(reason: unknown): boolean {
        super.abort(reason)
        return false
      }
    }
    const work = new Done()
    let met: unknown
    const outcome = withTimeout(1000, async (scope) => {
      void work.begin().catch(() => {})
      scope.cancel(new Error('cut'))
      met = await pause().then(null, (error: unknown) => error)
      throw met
    })
    await expect(outcome).rejects.toThrow('cut')
    expect(met).toMatchObject({ message: 'cut' })
    expect(work.reasons).toEqual([met])
  })

  it('ends the other children of a group with its cause, not with the error of a library', async () => {
    const failure = new Error('one failed')
    const outcome = Group.run(async (group) => {
      group.schedule(async () => {
        await new Fake().begin()
      })
      await pause()
      throw failure
    })
    await expect(outcome).rejects.toBe(failure)
  })
})

describe('leaveOpen', () => {
  it('passes to main what is open at the end of a greenlet: waits, scopes and their deadlines', () =>
    withVirtualClock(async () => {
      const done: string[] = []
      const greenlet = schedule(() => {
        void pauseFor(10).then(() => done.push('wait'))
        void withTimeout(100, () => pauseFor(20)).then(() => done.push('scope'))
        void withTimeout(30, () => pauseFor(100)).catch((error: Error) => done.push(error.name))
      })
      leaveOpen(greenlet)
      await greenlet.join()
      expect(done).toEqual([])
      await pauseFor(50)
      expect(done).toEqual(['wait', 'scope', 'TimeoutError'])
    }))

  it('changes nothing for a greenlet that is ended', () =>
    withVirtualClock(async () => {
      let open: PromiseLike<unknown>
      const greenlet = schedule(function* () {
        open = withTimeout(1000, async () => pauseFor(500))
        yield* pauseFor(1000)
      })
      leaveOpen(greenlet)
      await pause()
      end(greenlet)
      expect(await codeOf(open!)).toBe('GH_EXIT')
      await greenlet.join().catch(() => {})
    }))
})
