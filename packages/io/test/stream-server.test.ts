// The server of connections: a greenlet for each, a cap, errors that stay where they belong, and the stop.
import { once } from 'node:events'
import { connect as connectNode } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  dump,
  globalExceptionHandler,
  pause,
  pauseFor,
  removeGlobalExceptionHandler,
  schedule,
  type Steps,
} from '@greenhouse/scheduler'
import { Event } from '@greenhouse/util'
import {
  connect,
  StreamServer,
  type Address,
  type ConnectionHandler,
  type Socket,
  type StreamServerOptions,
} from '@greenhouse/io'
import { coded, outcome, settled } from '../../util/test/flows.ts'
import { runNode } from './run-node.ts'
import { closing, leavesNothing, TRANSPORTS, turn } from './socket-support.ts'

leavesNothing()
const until = async (condition: () => boolean) => {
  while (!condition()) await turn()
}

async function started(
  handler: ConnectionHandler,
  options: StreamServerOptions = {},
): Promise<{ server: StreamServer; address: Address; dial: () => Promise<Socket> }> {
  const server = new StreamServer(handler, options)
  const address = await server.start('127.0.0.1:0')
  closing({ close: () => void server.stop({ timeoutMs: 0 }) })
  return { server, address, dial: async () => closing(await connect(address)) }
}

function* echo(socket: Socket): Steps<void> {
  for (let bytes; (bytes = yield* socket.recv()).length > 0;) yield* socket.sendAll(bytes)
}

const handlers: [string, ConnectionHandler][] = [
  ['generator', echo],
  [
    'async',
    async (socket) => {
      for await (const bytes of socket) await socket.sendAll(bytes)
    },
  ],
  ['plain function that gives a generator', (socket) => echo(socket)],
  [
    'plain function that gives a promise',
    (socket) =>
      (async () => {
        for await (const bytes of socket) await socket.sendAll(bytes)
      })(),
  ],
]

describe.each(TRANSPORTS)('StreamServer over $name', (transport) => {
  it.each(handlers)('serves by a %s, and closes when it returns', async (_, handler) => {
    const server = new StreamServer(handler, transport.listen)
    const address = await server.start(transport.address())
    const sockets = []
    for (let i = 0; i < 3; i++) {
      sockets.push(closing(await connect(address, transport.connect)))
    }
    for (const [i, socket] of sockets.entries()) {
      await socket.sendAll(Buffer.from(`hello ${i}`))
      expect(String(await socket.recv())).toBe(`hello ${i}`)
    }
    expect(server.statistics()).toMatchObject({ active: 3, accepted: 3, listening: true })
    for (const socket of sockets) {
      await socket.shutdown()
      expect(await socket.recv()).toHaveLength(0)
    }
    expect(await server.stop()).toBe(true)
    expect(server.statistics()).toMatchObject({ active: 0, failed: 0, broken: 0, listening: false })
  })
})

describe('StreamServer', () => {
  it('an error of one connection goes to the exception handlers, and never touches another', async () => {
    const errors: unknown[] = []
    const handler = globalExceptionHandler((error) => errors.push(error))
    try {
      for (const kind of ['generator', 'async', 'plain'] as const) {
        const handle = {
          *generator(socket: Socket): Steps<void> {
            const text = String(yield* socket.recv())
            if (text === 'fail') throw new Error(kind)
            yield* echo(socket)
          },
          async async(socket: Socket) {
            const text = String(await socket.recv())
            if (text === 'fail') throw new Error(kind)
            for await (const bytes of socket) await socket.sendAll(bytes)
          },
          plain(socket: Socket) {
            return handle.async(socket)
          },
        }
        const { server, dial } = await started(handle[kind] as ConnectionHandler)
        const [good, bad] = [await dial(), await dial()]
        await good.sendAll(Buffer.from('stay'))
        await bad.sendAll(Buffer.from('fail'))
        expect(await bad.recv()).toHaveLength(0)
        await good.sendAll(Buffer.from('alive'))
        expect(String(await good.recv())).toBe('alive')
        expect(server.statistics()).toMatchObject({ failed: 1, active: 1, broken: 0 })
      }
      expect(errors.map(String)).toEqual(['Error: generator', 'Error: async', 'Error: plain'])
    } finally {
      removeGlobalExceptionHandler(handler)
    }
  })

  it('that a peer hangs up is no error, only counted', async () => {
    const { server, address } = await started(echo)
    const raw = connectNode(address.port!, '127.0.0.1').on('error', () => {})
    await once(raw, 'connect')
    raw.write('x')
    await until(() => server.statistics().active === 1)
    raw.resetAndDestroy()
    await until(() => server.statistics().active === 0)
    expect(server.statistics()).toMatchObject({ accepted: 1, broken: 1, failed: 0 })
  })

  it('serves so many at once, the others in order, unread', async () => {
    const gate = new Event()
    const served: string[] = []
    const { server, dial } = await started(
      function* (socket) {
        served.push(String(yield* socket.recv()))
        yield* gate.wait()
      },
      { concurrency: 2 },
    )
    const sockets = []
    for (let i = 0; i < 5; i++) {
      sockets.push(await dial())
      await sockets[i]!.sendAll(Buffer.from(String(i)))
    }
    await until(() => served.length === 2 && server.statistics().waiting === 3)
    await settled()
    expect(server.statistics()).toMatchObject({ active: 2, waiting: 3, accepted: 2 })
    gate.set()
    for (const socket of sockets) expect(await socket.recv()).toHaveLength(0)
    expect(served).toEqual(['0', '1', '2', '3', '4'])
  })

  it('stops: takes no more, closes those that wait, lets the others finish', async () => {
    const gate = new Event()
    const { server, address, dial } = await started(
      function* (socket) {
        yield* gate.wait()
        yield* socket.sendAll(Buffer.from('done'))
      },
      { concurrency: 1 },
    )
    const [served, waiting] = [await dial(), await dial()]
    await until(() => server.statistics().waiting === 1)
    const stopping = server.stop()
    expect(['ECONNRESET', '']).toContain(String(await outcome(waiting.recv())))
    expect(await outcome(connect(address))).toBe('ECONNREFUSED')
    gate.set()
    expect(String(await served.recv())).toBe('done')
    expect(await stopping).toBe(true)
    expect(await server.stop()).toBe(true)
  })

  it('forces when the time is up, those too that have not begun', async () => {
    const seen: unknown[] = []
    const { server, dial } = await started(async (socket) => {
      try {
        await socket.recv()
      } catch (error) {
        seen.push((error as { code: string }).code)
        throw error
      }
    })
    const socket = await dial()
    await until(() => server.statistics().active === 1)
    await settled()
    expect(await server.stop({ timeoutMs: 10 })).toBe(false)
    expect(seen).toEqual(['GH_EXIT'])
    expect(await socket.recv()).toHaveLength(0)
    expect(server.statistics()).toMatchObject({ active: 0, failed: 0 })
  })

  it('does not wait for ever for a handler that ignores its end', async () => {
    const stuck = new Event()
    const { server, dial } = await started(async () => {
      for (;;) {
        try {
          if (await stuck.wait()) return
        } catch {
          continue
        }
      }
    })
    await dial()
    await until(() => server.statistics().active === 1)
    await settled()
    expect(await server.stop({ timeoutMs: 10 })).toBe(false)
    stuck.set()
    await until(() => server.statistics().active === 0)
  })

  it('whoever stops it may be ended, and forces nobody then', async () => {
    const { server, dial } = await started(echo)
    const socket = await dial()
    await until(() => server.statistics().active === 1)
    const controller = new AbortController()
    const stopping = outcome(server.stop({ signal: controller.signal }))
    await settled()
    controller.abort(new Error('enough'))
    expect(await stopping).toBe('enough')
    await socket.sendAll(Buffer.from('still'))
    expect(String(await socket.recv())).toBe('still')
  })

  it('starts again after a stop, but not twice', async () => {
    const { server } = await started(echo)
    await expect(server.start('127.0.0.1:0')).rejects.toThrow(coded('GH_INVALID_STATE') as Error)
    await server.stop()
    expect(server.address).toBeUndefined()
    const address = await server.start('127.0.0.1:0')
    expect(server.address).toEqual(address)
    const both = [server.stop(), server.stop()]
    expect(await Promise.all(both)).toEqual([true, true])
    const starts = [server.start('127.0.0.1:0'), server.start('127.0.0.1:0')].map(outcome)
    expect((await Promise.all(starts)).filter((code) => code === 'GH_INVALID_STATE')).toHaveLength(
      1,
    )
  })

  it('does not listen when start was given up', async () => {
    const server = new StreamServer(echo)
    const controller = new AbortController()
    const starting = outcome(server.start('127.0.0.1:0', { signal: controller.signal }))
    controller.abort(new Error('enough'))
    expect(await starting).toBe('enough')
    expect(server.statistics().listening).toBe(false)
    expect(await outcome(server.start('127.0.0.1:0', { timeoutMs: 0 }))).toBe('GH_TIMEOUT')
    expect(server.statistics().listening).toBe(false)
  })

  it('is stopped by one of its own handlers', async () => {
    const { server, dial } = await started(async (socket) => {
      await socket.recv()
      schedule(() => server.stop())
      await pause()
      await socket.sendAll(Buffer.from('bye'))
    })
    const socket = await dial()
    await socket.sendAll(Buffer.from('stop'))
    expect(String(await socket.recv())).toBe('bye')
    await until(() => !server.statistics().listening)
  })

  it('shows itself in dumps', async () => {
    const { server } = await started(echo, { name: 'front' })
    expect(dump().registered).toContainEqual({
      kind: 'StreamServer',
      name: 'front',
      statistics: server.statistics(),
    })
  })

  it('refuses what makes no sense', () => {
    const invalid = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => new StreamServer(1 as never)).toThrow(invalid)
    expect(() => new StreamServer(echo, { concurrency: 0 })).toThrow(invalid)
    expect(() => new StreamServer(echo, { handshakeTimeoutMs: -1 })).toThrow(invalid)
    expect(() => new StreamServer(echo).start('nowhere')).toThrow(invalid)
  })

  it('serves 300 connections at once', async () => {
    const { server, dial } = await started(async (socket) => {
      const bytes = await socket.recv()
      await pauseFor(5)
      await socket.sendAll(bytes)
    })
    const clients = Array.from({ length: 300 }, async (_, i) => {
      const socket = await dial()
      await socket.sendAll(Buffer.from(String(i)))
      return String(await socket.makeFile('r').read())
    })
    expect(await Promise.all(clients)).toEqual(Array.from({ length: 300 }, (_, i) => String(i)))
    expect(server.statistics()).toMatchObject({ accepted: 300, active: 0 })
  })

  it.skipIf(process.platform === 'win32')('goes on when descriptors had run out', () => {
    const { stdout, stderr, status } = runNode(
      `
        import { openSync, closeSync } from 'node:fs'
        import { connect as connectNode } from 'node:net'
        import { connect, StreamServer } from '@greenhouse/io'
        import { pauseFor } from '@greenhouse/scheduler'

        const server = new StreamServer(async (socket) => {
          for await (const bytes of socket) await socket.sendAll(bytes)
        })
        const address = await server.start('127.0.0.1:0')
        const first = await connect(address)
        await first.sendAll(Buffer.from('before'))
        console.log(String(await first.recv()))
        const held = []
        try {
          for (;;) held.push(openSync('/dev/null'))
        } catch (error) {
          console.log(error.code)
        }
        // One for the client, none for the server.
        closeSync(held.pop())
        const client = connectNode(address.port, '127.0.0.1').on('error', () => {})
        await pauseFor(100)
        await first.sendAll(Buffer.from('meanwhile'))
        console.log(String(await first.recv()))
        for (const fd of held) closeSync(fd)
        client.destroy()
        const late = await connect(address, { timeoutMs: 5000 })
        await late.sendAll(Buffer.from('after'))
        console.log(String(await late.recv(100, { timeoutMs: 5000 })))
        late.close()
        first.close()
        console.log(await server.stop(), server.statistics().active)
        `,
      { prefix: ['/bin/sh', '-c', 'ulimit -n 120; exec "$@"', 'sh'] },
    )
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual(['before', 'EMFILE', 'meanwhile', 'after', 'true 0', ''])
    expect(status).toBe(0)
  })
})
