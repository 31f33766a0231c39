// What `patch()` does not reach, as docs/ownership.md says: clients on raw sockets without an adapter. A time-out comes in time
// all the same; the operation runs on, and harms nobody.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { withTimeout } from '@greenhouse/scheduler'
import { patch } from '@greenhouse/emulation'
import { describeClient, loadClient, type Library } from '../ext/support.ts'
import { errorOf } from './support.ts'

const AT_ONCE_MS = 900

/** Begins an operation in a scope that times out; gives its promise, which goes on. */
async function timesOut<T>(begin: () => Promise<T>): Promise<{ readonly begun: Promise<T> }> {
  const before = performance.now()
  let begun!: Promise<T>
  const late = withTimeout(50, async () => {
    begun = begin()
    await begun
  })
  expect(await errorOf(late)).toMatchObject({ code: 'GH_TIMEOUT' })
  expect(performance.now() - before).toBeLessThan(AT_ONCE_MS)
  return { begun }
}

await describeClient('a mail in a pool of nodemailer', 'nodemailer', null, (nodemailer) => {
  it('is sent after its time-out, and the pool sends the next one', async () => {
    patch()
    const { SMTPServer } = loadClient('smtp-server')
    const answers: (() => void)[] = []
    const server: Library = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onData(stream: NodeJS.ReadableStream, _session: unknown, done: () => void) {
        stream.resume().on('end', () => answers.push(done))
      },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.server.address()
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      pool: true,
      ignoreTLS: true,
    })
    const mail = { from: 'a@x.test', to: 'b@x.test', text: 'the text' }
    const answered = async (): Promise<void> => {
      await expect.poll(() => answers.length).toBe(1)
      answers.pop()!()
    }
    const first = await timesOut<Library>(() => transport.sendMail(mail))
    await answered()
    expect(await first.begun).toMatchObject({ accepted: ['b@x.test'] })
    const second: Promise<Library> = transport.sendMail(mail)
    await answered()
    expect(await second).toMatchObject({ accepted: ['b@x.test'] })
    transport.close()
    await new Promise((resolve) => server.close(resolve))
  })
})

await describeClient('a message of ws', 'ws', null, (ws) => {
  it('comes after the time-out of who waits for it, on a socket that is open', async () => {
    patch()
    const server: Library = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const connection = once(server, 'connection')
    const socket: Library = new ws.WebSocket(
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    )
    const [peer] = (await connection) as [Library]
    const message = await timesOut(
      () => new Promise<Buffer>((resolve) => socket.once('message', resolve)),
    )
    peer.send('late')
    expect(String(await message.begun)).toBe('late')
    expect(socket.readyState).toBe(ws.WebSocket.OPEN)
    socket.close()
    await once(socket, 'close')
    await new Promise((resolve) => server.close(resolve))
  })
})
