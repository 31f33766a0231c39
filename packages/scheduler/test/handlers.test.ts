import { afterEach, describe, expect, it } from 'vitest'
import {
  end,
  getCurrent,
  globalExceptionHandler,
  greenlet,
  handleException,
  localExceptionHandler,
  mainGreenlet,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  removeLocalExceptionHandler,
  schedule,
  scheduleException,
  wait,
  type ExceptionHandler,
  type Greenlet,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { watchRejections } from './support/rejections.ts'

const INVALID = expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' })

class Oops extends Error {}

const installed: ExceptionHandler[] = []
const listen = <H extends ExceptionHandler>(handler: H): H => {
  installed.push(handler)
  return globalExceptionHandler(handler)
}
afterEach(() => {
  for (const handler of installed.splice(0)) removeGlobalExceptionHandler(handler)
})

/** A greenlet of each kind that throws at its second step. */
const kinds: readonly [string, (error: unknown) => Greenlet][] = [
  [
    'generator',
    (error) =>
      schedule(function* () {
        yield* pause()
        throw error
      }),
  ],
  [
    'async',
    (error) =>
      schedule(async () => {
        await pause()
        throw error
      }),
  ],
  [
    'plain',
    (error) =>
      schedule(() => {
        throw error
      }),
  ],
]
const settled = async (...all: Greenlet[]) => {
  while (!all.every((one) => ['finished', 'failed', 'ended'].includes(one.state))) await pause()
  await pause()
}

describe.each(kinds)('the uncaught error of a greenlet that is %s', (_kind, fails) => {
  it('S11 neither resumes it nor hurts others', async () => {
    listen(() => {})
    const steps: string[] = []
    const other = schedule(function* () {
      for (let i = 0; i < 3; i++) {
        steps.push('other')
        yield* pause()
      }
      return 'well'
    })
    const failing = fails(new Oops('once'))
    expect(await other.join()).toBe('well')
    await settled(failing)
    expect(failing.state).toBe('failed')
    expect(failing.error).toBeInstanceOf(Oops)
    expect(steps).toHaveLength(3)
    expect(await schedule(() => 'goes on').join()).toBe('goes on')
  })

  it('S24 is heard once by a global handler, with its class and greenlet', async () => {
    const heard: unknown[][] = []
    listen((...args) => heard.push(args))
    const error = new Oops('heard')
    const failing = fails(error)
    await settled(failing)
    expect(heard).toEqual([[error, failing]])
    expect(heard[0]![0]).toBeInstanceOf(Oops)
    expect(heard[0]![1]).toBe(failing)
  })

  it('S25 is heard by the local handlers of its own greenlet only', async () => {
    listen(() => {})
    const heard: string[] = []
    const [one, two] = [fails(new Oops('one')), fails(new Oops('two'))]
    localExceptionHandler((error) => heard.push(`one: ${(error as Error).message}`), one)
    localExceptionHandler((error) => heard.push(`two: ${(error as Error).message}`), two)
    await settled(one, two)
    expect(heard).toEqual(['one: one', 'two: two'])
  })

  it('is heard by local handlers before global ones, each in the order added', async () => {
    const order: string[] = []
    listen(() => order.push('global 1'))
    const failing = fails(new Oops('ordered'))
    localExceptionHandler(() => order.push('local 1'), failing)
    localExceptionHandler(() => order.push('local 2'), failing)
    listen(() => order.push('global 2'))
    await settled(failing)
    expect(order).toEqual(['local 1', 'local 2', 'global 1', 'global 2'])
  })

  it('goes to its joiners instead of the handlers', async () => {
    const heard: unknown[] = []
    listen((error) => heard.push(error))
    const failing = fails(new Oops('joined'))
    const joined = [failing.join(), failing.join()]
    await pause()
    for (const one of joined) await expect(one).rejects.toThrow('joined')
    expect(heard).toEqual([])
  })

  it("C5 is Node's unhandled rejection where there is no handler, until somebody joins", async () => {
    const error = new Oops('nobody')
    const seen = await watchRejections(async ({ unhandled }) => {
      const failing = fails(error)
      await settled(failing)
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([error])
      await expect(failing.join()).rejects.toBe(error)
    })
    expect(seen).toEqual({ unhandled: [error], handledLater: 1 })
  })

  it('is no unhandled rejection where a handler heard of it, and can still be joined', async () => {
    const error = new Oops('handled')
    const seen = await watchRejections(async () => {
      const failing = fails(error)
      localExceptionHandler(() => {}, failing)
      await settled(failing)
      await new Promise((resolve) => setImmediate(resolve))
      await expect(failing.join()).rejects.toBe(error)
    })
    expect(seen).toEqual({ unhandled: [], handledLater: 0 })
  })
})

describe('exception handlers', () => {
  it.each(kinds.slice(0, 2))(
    'hear of the error of a greenlet that is %s when its joiner has left before',
    async (_kind, fails) => {
      const heard: unknown[] = []
      listen((error, one) => heard.push(error, one))
      const error = new Oops('not joined')
      const failing = fails(error)
      const joiner = schedule(async () => failing.join())
      await pause()
      expect(failing.state).not.toBe('failed')
      expect(joiner.blockedOn).toHaveLength(1)
      end(joiner)
      await settled(failing, joiner)
      expect(heard).toEqual([error, failing])
    },
  )

  it('Q10 are held strongly: closures are not lost to the garbage collector', async () => {
    const heard: string[] = []
    const failing = greenlet(() => {
      throw new Oops('late')
    })
    let closure: (() => void) | null = () => heard.push('global')
    listen(closure)
    closure = null
    localExceptionHandler(() => heard.push('local'), failing)
    await new Promise((resolve) => setImmediate(resolve))
    gc!()
    schedule(failing)
    await settled(failing)
    expect(heard).toEqual(['local', 'global'])
  })

  it('Q10 that throw are reported, and the others still hear', async () => {
    const heard: unknown[] = []
    const broken = new Error('the handler is broken')
    const alsoBroken = 'another one'
    listen(() => {
      throw broken
    })
    listen(() => {
      throw alsoBroken
    })
    listen((error) => heard.push(error))
    const error = new Oops('original')
    const seen = await watchRejections(async () => {
      await settled(
        schedule(() => {
          throw error
        }),
      )
    })
    expect(heard).toEqual([error])
    expect(seen.unhandled).toEqual([broken, alsoBroken])
  })

  it('may take themselves away while they are called', async () => {
    const heard: string[] = []
    const once = listen(() => {
      heard.push('once')
      removeGlobalExceptionHandler(once)
    })
    listen(() => heard.push('always'))
    for (let i = 0; i < 2; i++) {
      await settled(
        schedule(() => {
          throw new Oops('again')
        }),
      )
    }
    expect(heard).toEqual(['once', 'always', 'always'])
  })

  it('are given back by what adds them; what removes them says whether they were there', () => {
    const handler = () => {}
    const one = greenlet(() => 1)
    expect(listen(handler)).toBe(handler)
    expect(removeGlobalExceptionHandler(handler)).toBe(true)
    expect(removeGlobalExceptionHandler(handler)).toBe(false)
    expect(localExceptionHandler(handler, one)).toBe(handler)
    expect(removeLocalExceptionHandler(handler)).toBe(false)
    expect(removeLocalExceptionHandler(handler, one)).toBe(true)
    expect(removeLocalExceptionHandler(handler, one)).toBe(false)
    end(one)
  })

  it('are no longer called once they are removed', async () => {
    const heard: string[] = []
    const removed = listen(() => heard.push('removed'))
    listen(() => heard.push('stays'))
    const failing = schedule(() => {
      throw new Oops('removed')
    })
    const local = localExceptionHandler(() => heard.push('local'), failing)
    removeGlobalExceptionHandler(removed)
    removeLocalExceptionHandler(local, failing)
    await settled(failing)
    expect(heard).toEqual(['stays'])
  })

  it('are local to the current greenlet where none is named, also in callbacks of it', async () => {
    const heard: string[] = []
    const failing = schedule(async () => {
      localExceptionHandler((error, one) => heard.push(`${(error as Error).message} ${one.name}`))
      await pause()
      throw new Oops('mine')
    })
    failing.name = 'failing'
    await settled(failing)
    expect(heard).toEqual(['mine failing'])
    expect(removeLocalExceptionHandler(() => {})).toBe(false)
  })

  it('must be functions, of greenlets', () => {
    expect(() => globalExceptionHandler(1 as never)).toThrow(TypeError)
    expect(() => globalExceptionHandler(1 as never)).toThrow(INVALID)
    expect(() => localExceptionHandler(null as never)).toThrow(INVALID)
    expect(() => localExceptionHandler(() => {}, {} as never)).toThrow(/`greenlet`/)
    expect(() => removeLocalExceptionHandler(() => {}, 5 as never)).toThrow(INVALID)
    expect(() => handleException(1, 5 as never)).toThrow(INVALID)
  })

  it('hear of what was thrown into a greenlet, before its start and at a wait', async () => {
    const heard: unknown[] = []
    listen((error) => heard.push(error))
    const early = greenlet(() => 1)
    scheduleException('before its start', early)
    const parked = schedule(function* () {
      yield* wait(new Promise(() => {}))
    })
    await pause()
    scheduleException('at its wait', parked)
    await settled(early, parked)
    expect(heard).toEqual(['before its start', 'at its wait'])
    expect([early.state, parked.state]).toEqual(['failed', 'failed'])
  })

  it('hear of the error of a greenlet whose joiner timed out', () =>
    withVirtualClock(async () => {
      const heard: unknown[] = []
      listen((error) => heard.push(error))
      const failing = schedule(async () => {
        await pauseFor(100)
        throw new Oops('too late')
      })
      await expect(failing.join({ timeoutMs: 10 })).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
      expect(heard).toEqual([])
      await pauseFor(200)
      expect(heard).toEqual([failing.error])
    }))
})

describe('handleException', () => {
  it('hands an error to the local and the global handlers of a living greenlet', async () => {
    const heard: unknown[][] = []
    listen((...args) => heard.push(['global', ...args]))
    const one = schedule(async () => {
      localExceptionHandler((...args) => heard.push(['local', ...args]))
      handleException('within', getCurrent())
      await pause()
      handleException('after')
      return 'lives'
    })
    expect(await one.join()).toBe('lives')
    handleException('outside')
    expect(heard).toEqual([
      ['local', 'within', one],
      ['global', 'within', one],
      ['local', 'after', one],
      ['global', 'after', one],
      ['global', 'outside', mainGreenlet],
    ])
  })

  it('makes an unhandled rejection where there is no handler, that no join takes back', async () => {
    const seen = await watchRejections(async () => {
      const one = schedule(() => handleException('nobody hears'))
      await settled(one)
      await one.join()
      handleException('nor here')
    })
    expect(seen).toEqual({ unhandled: ['nobody hears', 'nor here'], handledLater: 0 })
  })
})
