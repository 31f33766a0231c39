// What a scope takes along because it was asked to, and what it does not because it was asked not to.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule, wait, withTimeout } from '@greenhouse/scheduler'
import { disown, own } from '@greenhouse/emulation'
import { errorOf, turn } from './support.ts'

const cut = (fn: () => unknown): Promise<Error> =>
  errorOf(
    withTimeout(20, async () => {
      fn()
      await pauseFor(10_000)
    }),
  )

describe('own', () => {
  it('refuses what it cannot tear down', () => {
    for (const bad of [null, undefined, {}, 5, () => {}, { destroy() {} }, { on() {} }]) {
      expect(() => own(bad as never)).toThrow(
        expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
      )
    }
  })

  it('does nothing outside every scope', () => {
    const stream = new PassThrough()
    expect(own(stream)).toBe(stream)
    expect(stream.listenerCount('close')).toBe(0)
  })

  it('destroys a stream at the time-out with the error of Node, and the time-out as its cause', async () => {
    const stream = new PassThrough()
    const seen: unknown[] = []
    stream.on('error', (error) => seen.push(error))
    const error = await cut(() => own(stream))
    await turn()
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(seen).toEqual([expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR' })])
    expect((seen[0] as Error).cause).toBe(error)
  })

  it('T7: leaves no error without a listener', async () => {
    const stream = new PassThrough()
    await cut(() => {
      own(stream)
      once(stream, 'data').catch(() => {})
    })
    await turn()
    expect(stream.destroyed).toBe(true)
  })

  it('closes a socket that connects, and one that is connected', async () => {
    const server = createTcpServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const connected = connect(port, '127.0.0.1')
    await once(connected, 'connect')
    let connecting!: ReturnType<typeof connect>
    await cut(() => own(connected))
    const greenlet = schedule(async () => {
      connecting = own(connect(port, '127.0.0.1'))
      await pauseFor(10_000)
    })
    await pause()
    end(greenlet)
    await turn()
    expect([connected.destroyed, connecting.destroyed]).toEqual([true, true])
    server.close()
    await once(server, 'close')
  })

  it('destroys a request', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const call = request({ port, host: '127.0.0.1', agent: false })
    const failed = once(call, 'close').catch((error: unknown) => error)
    call.end()
    await cut(() => own(call))
    expect(await failed).toMatchObject({ code: 'ABORT_ERR', cause: { code: 'GH_TIMEOUT' } })
    server.close()
    server.closeAllConnections()
  })

  it('ends a child that does not heed SIGTERM, after a second', async () => {
    const program =
      'process.on("SIGTERM", () => {}); process.stdout.write("up"); setInterval(() => {}, 1000)'
    const child = spawn(process.execPath, ['-e', program], { detached: true })
    await once(child.stdout, 'data')
    const failed = once(child, 'exit').catch((error: unknown) => error)
    const exited = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)))
    const begun = performance.now()
    const error = await cut(() => own(child))
    expect(await failed).toMatchObject({ name: 'AbortError', cause: error })
    expect(child.stdout.destroyed).toBe(true)
    expect(await exited).toBe('SIGKILL')
    expect(performance.now() - begun).toBeGreaterThan(950)
  })

  it('closes servers with their connections, datagram sockets, interfaces and workers', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    const asking = createInterface({ input: new PassThrough() })
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
    await Promise.all([
      once(server, 'listening'),
      once(socket, 'listening'),
      once(worker, 'online'),
    ])
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(client, 'connect')
    const closed = [server, socket, client, asking].map((one) => once(one, 'close'))
    const exited = once(worker, 'exit')
    await cut(() => {
      own(server)
      own(socket)
      own(asking)
      own(worker)
    })
    await Promise.all([...closed, exited])
    const unopened = createServer()
    await cut(() => own(unopened))
  })

  it('lets go of what has closed', async () => {
    const stream = new PassThrough()
    await withTimeout(1000, async () => {
      own(stream)
      stream.destroy()
      await once(stream, 'close')
      own(stream)
    })
    expect(stream.errored).toBe(null)
  })

  it('passes it to the scope around at a normal end, and to nobody after that', async () => {
    const kept = new PassThrough()
    const inherited = new PassThrough().on('error', () => {})
    await withTimeout(1000, async () => own(kept))
    const error = await errorOf(
      withTimeout(30, async () => {
        await withTimeout(1000, async () => own(inherited))
        await pauseFor(10_000)
      }),
    )
    expect(inherited.errored).toMatchObject({ cause: error })
    expect(kept.destroyed).toBe(false)
  })

  it('moves it to the scope that owns it last', async () => {
    const stream = new PassThrough()
    await schedule(async () => {
      await withTimeout(1000, async () => {
        own(stream)
        await errorOf(
          withTimeout(10, async () => {
            own(stream)
            await pauseFor(10_000)
          }),
        )
        await turn()
        expect(stream.destroyed).toBe(true)
      })
    }).join()
    expect(stream.listenerCount('close')).toBe(1)
  })
})

describe('disown', () => {
  it('refuses what is no function, and passes arguments, result and error on', () => {
    expect(() => disown(5 as never)).toThrow(
      expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
    )
    expect(disown((a: number, b: number) => a + b, 1, 2)).toBe(3)
    expect(() => disown(() => JSON.parse('{'))).toThrow(SyntaxError)
  })

  it('keeps what is begun in it from the scope of the caller', async () => {
    const stream = new PassThrough()
    await cut(() => disown(() => own(stream)))
    expect(stream.destroyed).toBe(false)
  })

  it('T5: a memoised promise survives the time-out of the caller that began it', async () => {
    const { patch } = await import('@greenhouse/emulation')
    patch('timers/promises')
    const { setTimeout: sleep } = process.getBuiltinModule('timers/promises')
    const memo = (make: () => Promise<string>): (() => Promise<string>) => {
      let value: Promise<string> | undefined
      return () => (value ??= make())
    }
    const run = async (get: () => PromiseLike<string>): Promise<unknown[]> => {
      const first = withTimeout(10, async () => get())
      const second = withTimeout(1000, async () => get())
      return [await errorOf(first), await second.catch((error: Error) => error.name)]
    }

    // Owned, the one who times out takes the other along, and everybody after.
    const harmful = memo(() => sleep(50, 'value'))
    expect(await run(harmful)).toEqual([
      expect.objectContaining({ code: 'GH_TIMEOUT' }),
      'AbortError',
    ])

    let arrived = false
    const shared = memo(() => disown(() => sleep(300, 'value')))
    void shared().then(() => (arrived = true))
    const first = errorOf(withTimeout(10, async () => wait(shared())))
    const second = withTimeout(1000, async () => wait(shared()))
    expect(await first).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(arrived).toBe(false)
    expect(await second).toBe('value')
  })
})
