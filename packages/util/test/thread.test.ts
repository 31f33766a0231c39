import {
  globalExceptionHandler,
  GreenletExit,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
} from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { Event, Thread, Timer } from '@greenhouse/util'
import { describe, expect, it } from 'vitest'
import { coded, settled } from './flows.ts'

describe('Thread', () => {
  it('U47 threads run in the order of their start, by a run of their own', async () => {
    const ran: number[] = []
    class Numbered extends Thread {
      readonly number: number
      constructor(number: number) {
        super()
        this.number = number
      }
      override run(): void {
        ran.push(this.number)
      }
    }
    const threads = [1, 2, 3].map((n) => new Numbered(n))
    for (const thread of threads) thread.start()
    for (const thread of threads) expect(await thread.join()).toBe(true)
    expect(ran).toEqual([1, 2, 3])
  })

  it('U48 U49 U50 arguments reach the target and an overridden run; nothing runs before the first pause', async () => {
    const seen: unknown[] = []
    class Own extends Thread {
      override run(...args: unknown[]): void {
        seen.push(['run', ...args])
      }
    }
    const threads = [
      new Thread((...args: unknown[]) => void seen.push(['target', ...args]), {
        args: [1, { key: 2 }],
      }),
      new Own(null, { args: [3, 4] }),
    ]
    for (const thread of threads) thread.start()
    expect(seen).toEqual([])
    await pause()
    expect(seen).toEqual([
      ['target', 1, { key: 2 }],
      ['run', 3, 4],
    ])
  })

  it('U51 join blocks while the thread waits, and returns after its end', async () => {
    const event = new Event()
    const bodies = [
      async () => void (await event.wait()),
      function* () {
        yield* event.wait()
      },
    ]
    const threads = bodies.map((body) => new Thread(body))
    for (const thread of threads) thread.start()
    const joiner = schedule(async () => {
      for (const thread of threads) await thread.join()
    })
    await settled()
    expect(joiner.state).toBe('blocked')
    expect(threads.map((thread) => thread.isAlive)).toEqual([true, true])
    event.set()
    await joiner.join()
    expect(threads.map((thread) => thread.isAlive)).toEqual([false, false])
  })

  it('join gives false on time-out', async () => {
    await withVirtualClock(async (clock) => {
      const thread = new Thread(() => pauseFor(100))
      thread.start()
      expect(await thread.join({ timeoutMs: 10 })).toBe(false)
      expect(await thread.join()).toBe(true)
      expect(clock.now()).toBe(100)
    })
  })

  it('refuses a second start, a join before the start, and a join of itself', async () => {
    const thread: Thread = new Thread(async () => thread.join())
    expect(() => thread.join()).toThrow(coded('GH_INVALID_STATE') as Error)
    const errors: unknown[] = []
    const handler = globalExceptionHandler((error) => errors.push(error))
    thread.start()
    expect(() => thread.start()).toThrow(coded('GH_INVALID_STATE') as Error)
    await thread.join()
    removeGlobalExceptionHandler(handler)
    expect(errors).toEqual([coded('GH_INVALID_STATE')])
    expect(() => thread.start()).toThrow('has been started already')
  })

  it('an error goes to the handlers, not to the joiner', async () => {
    const errors: unknown[] = []
    const handler = globalExceptionHandler((error) => errors.push((error as Error).message))
    const bodies = [
      () => {
        throw new Error('plain')
      },
      async () => {
        throw new Error('async')
      },
      function* () {
        yield* pause()
        throw new Error('generator')
      },
    ]
    for (const body of bodies) {
      const thread = new Thread(body)
      thread.start()
      expect(await thread.join()).toBe(true)
      await settled()
    }
    removeGlobalExceptionHandler(handler)
    expect(errors).toEqual(['plain', 'async', 'generator'])
  })

  it('Q11 GreenletExit inside ends only that thread, silently', async () => {
    const thread = new Thread(() => {
      throw new GreenletExit()
    })
    thread.start()
    expect(await thread.join()).toBe(true)
  })

  it('has name, ident, daemon and a text form', async () => {
    const thread = new Thread()
    expect(thread.name).toMatch(/^Thread-\d+$/)
    expect([thread.ident, thread.isAlive, thread.daemon]).toEqual([null, false, false])
    thread.name = 'worker'
    thread.daemon = true
    expect(String(thread)).toBe('<worker (initial)>')
    thread.start()
    expect(String(thread)).toBe('<worker (started)>')
    expect(thread.greenlet).toMatchObject({ name: 'worker', daemon: true, id: thread.ident })
    thread.name = 'renamed'
    expect(thread.greenlet!.name).toBe('renamed')
    await thread.join()
    expect(String(thread)).toBe('<renamed (stopped)>')
    expect(() => new Thread(1 as never)).toThrow(TypeError)
    expect(() => new Thread(null, { args: 1 as never })).toThrow(TypeError)
    expect(() => new Thread(null, { name: 1 as never })).toThrow(TypeError)
  })
})

describe('Timer', () => {
  it('U27 does not run before its time, and runs then', async () => {
    await withVirtualClock(async (clock) => {
      let ranAt = -1
      const timer = new Timer(50, () => {
        ranAt = clock.now()
      })
      timer.start()
      await pauseFor(49)
      expect(ranAt).toBe(-1)
      expect(await timer.join()).toBe(true)
      expect(ranAt).toBe(50)
      expect(timer.cancel()).toBe(false)
    })
  })

  it('U28 cancel prevents the run, and says so once', async () => {
    await withVirtualClock(async (clock) => {
      let ran = false
      const timer = new Timer(50, () => {
        ran = true
      })
      timer.start()
      expect(timer.isAlive).toBe(true)
      const joiner = schedule(async () => timer.join())
      await settled()
      expect([timer.cancel(), timer.cancel()]).toEqual([true, false])
      expect(await joiner.join()).toBe(true)
      expect(timer.isAlive).toBe(false)
      await pauseFor(100)
      expect([ran, clock.now()]).toEqual([false, 100])
    })
  })

  it('a cancel before the start prevents the run too', async () => {
    let ran = false
    const timer = new Timer(0, () => {
      ran = true
    })
    expect(timer.cancel()).toBe(true)
    timer.start()
    expect(await timer.join()).toBe(true)
    await settled()
    expect(ran).toBe(false)
  })

  it('U29 U30 passes its arguments', async () => {
    await withVirtualClock(async () => {
      const seen: unknown[] = []
      const timer = new Timer(1, (...args: unknown[]) => void seen.push(...args), 1, { key: 2 })
      timer.start()
      await timer.join()
      expect(seen).toEqual([1, { key: 2 }])
    })
  })

  it('wrap makes timers from functions, not started', async () => {
    await withVirtualClock(async () => {
      const seen: unknown[] = []
      const soon = Timer.wrap(5, 'x')
      const timers = [
        soon((x: string) => void seen.push(x)),
        soon(async (x: string) => void seen.push(x + x)),
      ]
      await pauseFor(10)
      expect(seen).toEqual([])
      for (const timer of timers) timer.start()
      for (const timer of timers) await timer.join()
      expect(seen).toEqual(['x', 'xx'])
    })
    expect(() => Timer.wrap(-1)).toThrow(RangeError)
    expect(() => new Timer(1, 2 as never)).toThrow(TypeError)
  })
})
