import { end, Group, pause, pauseFor, schedule, type Blocking } from '@greenhouse/scheduler'
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, it } from 'vitest'
import {
  connect,
  gracefulStop,
  Process,
  SignalWatcher,
  StreamServer,
  waitSignal,
} from '../src/index.ts'
import { outcomeOf, program } from './process-support.ts'

const coded = (code: string) => expect.objectContaining({ code })
const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'no error',
    (error: NodeJS.ErrnoException) => error.code,
  )
const SIGNALS = ['SIGHUP', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGWINCH'] as const
const listeners = () => SIGNALS.filter((name) => process.listenerCount(name) > 0)
const before = listeners()
const send = (name: NodeJS.Signals) => process.kill(process.pid, name)
/** Node tells of a signal in a later turn of its loop. */
const arrived = (watcher: SignalWatcher, count: number) =>
  expect.poll(() => watcher.statistics().kept).toBe(count)

afterEach(() => {
  expect(listeners()).toEqual(before)
})

describe('waitSignal', () => {
  it('waits for a signal, and leaves no listener', async () => {
    const generator = schedule(function* () {
      return yield* waitSignal('SIGHUP')
    })
    const async = schedule(async () => await waitSignal(['SIGUSR2', 'SIGHUP']))
    await pause()
    await pause()
    send('SIGHUP')
    expect(await generator.join()).toBe('SIGHUP')
    expect(await async.join()).toBe('SIGHUP')
  })

  it('serves many at once without a warning of too many listeners', async () => {
    const warned: unknown[] = []
    const note = (warning: unknown) => warned.push(warning)
    process.on('warning', note)
    const waiters = Array.from({ length: 20 }, () => waitSignal('SIGHUP'))
    expect(process.listenerCount('SIGHUP')).toBe(1)
    send('SIGHUP')
    expect(new Set(await Promise.all(waiters))).toEqual(new Set(['SIGHUP']))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', note)
    expect(warned).toEqual([])
  })

  it('leaves nothing behind when it is cut short', async () => {
    expect(await codeOf(waitSignal('SIGHUP', { timeoutMs: 0 }))).toBe('GH_TIMEOUT')
    expect(await codeOf(waitSignal('SIGHUP', { timeoutMs: 5 }))).toBe('GH_TIMEOUT')
    const abort = new AbortController()
    const aborted = waitSignal('SIGHUP', { signal: abort.signal })
    expect(process.listenerCount('SIGHUP')).toBe(1)
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }))
    expect(await codeOf(aborted)).toBe('STOP')
    expect(process.listenerCount('SIGHUP')).toBe(0)
    for (const start of [
      () => schedule(async () => await waitSignal('SIGHUP')),
      () =>
        schedule(function* () {
          return yield* waitSignal('SIGHUP')
        }),
    ]) {
      const greenlet = start()
      await expect.poll(() => process.listenerCount('SIGHUP')).toBe(1)
      end(greenlet)
      expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
      expect(process.listenerCount('SIGHUP')).toBe(0)
    }
  })

  it('refuses what is no signal, and cannot have SIGKILL', async () => {
    const bad = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => waitSignal('SIGNOT' as never)).toThrow(bad)
    expect(() => waitSignal([])).toThrow(bad)
    expect(() => waitSignal(1 as never)).toThrow(bad)
    expect(await codeOf(waitSignal(['SIGHUP', 'SIGKILL']))).toBe('EINVAL')
    expect(() => new SignalWatcher('SIGSTOP')).toThrow(coded('EINVAL') as Error)
  })

  it('does not keep the context of who asked first for others', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const waiting: Blocking<unknown> = storage.run('mine', () => waitSignal('SIGHUP'))
    const note = () => seen.push(storage.getStore())
    process.on('SIGHUP', note)
    send('SIGHUP')
    await waiting
    process.off('SIGHUP', note)
    expect(seen).toEqual([undefined])
  })
})

describe('SignalWatcher', () => {
  it('gives signals in order of arrival, each kind kept once', async () => {
    const watcher = new SignalWatcher('SIGHUP', 'SIGUSR2', 'SIGHUP')
    expect(watcher.signals).toEqual(['SIGHUP', 'SIGUSR2'])
    expect(watcher.tryWait()).toBe(undefined)
    send('SIGUSR2')
    await arrived(watcher, 1)
    send('SIGHUP')
    await arrived(watcher, 2)
    send('SIGUSR2')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(watcher.statistics()).toMatchObject({ kept: 2, waiters: 0 })
    expect(await watcher.wait({ timeoutMs: 0 })).toBe('SIGUSR2')
    expect(watcher.tryWait()).toBe('SIGHUP')
    expect(await codeOf(watcher.wait({ timeoutMs: 0 }))).toBe('GH_TIMEOUT')
    watcher.close()
  })

  it('gives each signal to one waiter, in order', async () => {
    const watcher = new SignalWatcher('SIGHUP')
    const got: string[] = []
    const one = schedule(async () => got.push(`one ${await watcher.wait()}`))
    const two = schedule(function* () {
      got.push(`two ${yield* watcher.wait()}`)
    })
    await expect.poll(() => watcher.statistics().waiters).toBe(2)
    send('SIGHUP')
    await one.join()
    expect(got).toEqual(['one SIGHUP'])
    send('SIGHUP')
    await two.join()
    expect(got).toEqual(['one SIGHUP', 'two SIGHUP'])
    watcher.close()
  })

  it('is iterated by async code and by generators until it is closed', async () => {
    const watcher = new SignalWatcher('SIGHUP')
    const got: string[] = []
    const async = schedule(async () => {
      for await (const name of watcher) got.push(`async ${name}`)
    })
    const generator = schedule(function* () {
      for (;;) {
        const { done, value } = yield* watcher.next()
        if (done === true) return
        got.push(`generator ${value}`)
      }
    })
    await expect.poll(() => watcher.statistics().waiters).toBe(2)
    send('SIGHUP')
    await expect.poll(() => got.length).toBe(1)
    send('SIGHUP')
    await expect.poll(() => got.length).toBe(2)
    watcher.close()
    await async.join()
    await generator.join()
    expect(got.toSorted()).toEqual(['async SIGHUP', 'generator SIGHUP'])
    expect(await watcher.next()).toEqual({ done: true, value: undefined })
  })

  it('wakes waiters with GH_CLOSED', async () => {
    const watcher = new SignalWatcher('SIGHUP')
    const waiting = watcher.wait()
    watcher.close()
    watcher.close()
    expect(await codeOf(waiting)).toBe('GH_CLOSED')
    expect(await codeOf(watcher.wait())).toBe('GH_CLOSED')
    expect(watcher.closed).toBe(true)
  })

  it.each(['wait', 'next'] as const)(
    'passes a signal on that came to a greenlet as it was ended: %s',
    async (method) => {
      const watcher = new SignalWatcher('SIGHUP')
      const first = schedule(function* () {
        yield* watcher[method]()
      })
      await expect.poll(() => watcher.statistics().waiters).toBe(1)
      // In one step: handed over, and ended before it has run.
      watcher.arrived('SIGHUP')
      end(first)
      expect(await codeOf(first.join())).toBe('GH_EXIT')
      expect(await watcher.wait({ timeoutMs: 0 })).toBe('SIGHUP')
      watcher.close()
    },
  )

  it('leaves the line when a wait is cut short', async () => {
    const watcher = new SignalWatcher('SIGHUP')
    const greenlet = schedule(async () => watcher.wait())
    expect(await codeOf(watcher.wait({ timeoutMs: 5 }))).toBe('GH_TIMEOUT')
    end(greenlet)
    await codeOf(greenlet.join())
    expect(watcher.statistics().waiters).toBe(0)
    send('SIGHUP')
    await arrived(watcher, 1)
    watcher.close()
  })

  it('gives the default action back when it is closed', async () => {
    const child = program(`
      import { SignalWatcher } from '@greenhouse/io'
      const watcher = new SignalWatcher('SIGUSR2')
      setInterval(() => {}, 1000)
      process.kill(process.pid, 'SIGUSR2')
      console.log(await watcher.wait())
      watcher.close()
      process.kill(process.pid, 'SIGUSR2')`)
    expect(await outcomeOf(child)).toMatchObject({ signal: 'SIGUSR2', stdout: 'SIGUSR2\n' })
  })

  it('does not keep the process alive', async () => {
    const child = program(`
      import { schedule } from '@greenhouse/scheduler'
      import { gracefulStop, SignalWatcher, waitSignal } from '@greenhouse/io'
      const watcher = new SignalWatcher('SIGUSR2')
      schedule(async () => { for await (const name of watcher); })
      schedule(async () => gracefulStop([]))
      console.log('over')`)
    expect(await outcomeOf(child)).toMatchObject({ code: 0, signal: null, stdout: 'over\n' })
  })
})

describe('gracefulStop', () => {
  const recorder = () => {
    const calls: string[] = []
    const server = (name: string, stop: (timeoutMs: number) => unknown = () => undefined) => ({
      stop({ timeoutMs }: { timeoutMs: number }) {
        calls.push(`${name} ${timeoutMs}`)
        return stop(timeoutMs)
      },
    })
    return { calls, server }
  }
  /** Signals only when somebody listens: else the test would end here. */
  const sendSoon = async (name: NodeJS.Signals) => {
    await expect.poll(() => process.listenerCount(name)).toBeGreaterThan(0)
    send(name)
  }

  it('stops all servers at once, then ends greenlets and groups', async () => {
    const { calls, server } = recorder()
    const gates: (() => void)[] = []
    const gate = () => new Promise<void>((resolve) => gates.push(resolve))
    const worker = schedule(async () => {
      try {
        await pauseFor(Infinity)
      } finally {
        calls.push('worker')
      }
    })
    let group: Group | undefined
    const running = schedule(async () =>
      Group.run(async (made) => {
        group = made
        made.schedule(async () => {
          try {
            await pauseFor(Infinity)
          } finally {
            await pauseFor(10)
            calls.push('group')
          }
        })
      }),
    )
    await expect.poll(() => group?.size).toBe(1)
    const stopping = gracefulStop([worker, server('a', gate), group!, server('b', gate)], {
      drainMs: 60_000,
    })
    await sendSoon('SIGTERM')
    await expect.poll(() => gates.length).toBe(2)
    expect(calls).toEqual(['a 60000', 'b 60000'])
    for (const open of gates) open()
    expect(await stopping).toBe('SIGTERM')
    expect(calls).toEqual(['a 60000', 'b 60000', 'worker', 'group'])
    expect(await codeOf(worker.join())).toBe('GH_EXIT')
    await running.join()
  })

  it('works in generator greenlets, with other signals', async () => {
    const { calls, server } = recorder()
    const stopper = schedule(function* () {
      return yield* gracefulStop([server('a')], { signals: ['SIGHUP'] })
    })
    await sendSoon('SIGHUP')
    expect(await stopper.join()).toBe('SIGHUP')
    expect(calls).toEqual(['a 5000'])
  })

  it('forces at a second signal', async () => {
    const { calls, server } = recorder()
    let open: () => void
    const gate = new Promise<void>((resolve) => (open = resolve))
    const slow = server('slow', (timeoutMs) => (timeoutMs === 0 ? open() : gate))
    const stopping = gracefulStop([slow], { drainMs: Infinity })
    await sendSoon('SIGTERM')
    await expect.poll(() => calls).toEqual(['slow Infinity'])
    send('SIGINT')
    expect(await stopping).toBe('SIGTERM')
    expect(calls).toEqual(['slow Infinity', 'slow 0'])
  })

  it('leaves the third signal to its default action', async () => {
    const child = program(`
      import { gracefulStop } from '@greenhouse/io'
      setInterval(() => {}, 1000)
      const server = { stop({ timeoutMs }) { console.log(timeoutMs); return new Promise(() => {}) } }
      void gracefulStop([server])
      console.log('up')`)
    const outcome = outcomeOf(child)
    let said = ''
    child.stdout!.on('data', (chunk: string) => {
      said += chunk
      if (/(?:up|5000|0)\n$/.test(said)) child.kill('SIGTERM')
    })
    expect(await outcome).toMatchObject({ signal: 'SIGTERM', stdout: 'up\n5000\n0\n' })
  })

  it('does not wait for ever for greenlets that resist, and not at all when forced', async () => {
    let on = true
    const resist = () =>
      schedule(async () => {
        while (on) await new Promise((resolve) => setTimeout(resolve, 1))
      })
    const first = resist()
    const timed = gracefulStop([first], { drainMs: 20 })
    await sendSoon('SIGTERM')
    expect(await timed).toBe('SIGTERM')
    const second = resist()
    const forced = gracefulStop([second], { drainMs: Infinity })
    await sendSoon('SIGTERM')
    await expect.poll(() => second.signal.aborted).toBe(true)
    send('SIGTERM')
    expect(await forced).toBe('SIGTERM')
    expect([first.state, second.state]).not.toContain('ended')
    on = false
    await codeOf(first.join())
    await codeOf(second.join())
  })

  it('tells of what could not be stopped when all else is', async () => {
    const { calls, server } = recorder()
    const fail = (message: string) => async () => {
      throw new Error(message)
    }
    const worker = schedule(async () => pauseFor(Infinity))
    const one = gracefulStop([server('a', fail('no')), server('b'), worker])
    await sendSoon('SIGTERM')
    await expect(one).rejects.toThrow('no')
    expect(calls).toEqual(['a 5000', 'b 5000'])
    expect(worker.state).toBe('ended')
    await codeOf(worker.join())
    const two = gracefulStop([server('a', fail('x')), server('b', fail('y'))])
    await sendSoon('SIGTERM')
    await expect(two).rejects.toMatchObject({
      errors: [new Error('x'), new Error('y')],
    })
  })

  it('stops nothing when it is cut short', async () => {
    const { calls, server } = recorder()
    const stopper = schedule(async () => gracefulStop([server('a')]))
    await expect.poll(() => process.listenerCount('SIGTERM')).toBe(1)
    end(stopper)
    expect(await codeOf(stopper.join())).toBe('GH_EXIT')
    const abort = new AbortController()
    const aborted = gracefulStop([server('a')], { signal: abort.signal })
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }))
    expect(await codeOf(aborted)).toBe('STOP')
    expect(listeners()).toEqual(before)
    expect(calls).toEqual([])
  })

  it('stops child processes', async () => {
    const child = new Process('sleep', ['1000'])
    const stopping = gracefulStop([child])
    // The child's own watch listens, too.
    await pause()
    send('SIGTERM')
    expect(await stopping).toBe('SIGTERM')
    expect(await child.wait()).toEqual({ code: null, signal: 'SIGTERM' })
  })

  it('drains real servers, and cuts connections off at a second signal', async () => {
    const server = new StreamServer(async (socket) => {
      try {
        while ((await socket.recv()).length > 0) await socket.sendAll(Buffer.from('x'))
      } catch {
        // Cut off.
      }
    })
    const client = await connect(await server.start('127.0.0.1:0'))
    await client.sendAll(Buffer.from('a'))
    await client.recv()
    const stopping = gracefulStop([server], { drainMs: 600_000 })
    await sendSoon('SIGTERM')
    await expect.poll(() => server.statistics().listening).toBe(false)
    // What is under way goes on.
    await client.sendAll(Buffer.from('b'))
    expect((await client.recv()).toString()).toBe('x')
    send('SIGTERM')
    expect(await stopping).toBe('SIGTERM')
    expect(server.statistics().active).toBe(0)
    client.close()
  })

  it('refuses what cannot be stopped', () => {
    const bad = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => gracefulStop('x' as never)).toThrow(bad)
    expect(() => gracefulStop([{} as never])).toThrow(bad)
    expect(() => gracefulStop([null as never])).toThrow(bad)
    expect(() => gracefulStop([], { drainMs: -1 })).toThrow(bad)
    expect(() => gracefulStop([], { signals: [] })).toThrow(bad)
  })
})
