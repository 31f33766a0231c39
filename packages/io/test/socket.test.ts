// Sockets over TCP and UNIX sockets: what the original's tests say, and each wait.
import { describe, expect, it } from 'vitest'
import { schedule } from '@greenhouse/scheduler'
import { connect, listen } from '@greenhouse/io'

describe('Socket', () => {
  it('I01 both ends exchange messages', async () => {
    const listener = await listen('127.0.0.1:0')
    const server = schedule(function* () {
      const peer = yield* listener.accept()
      const got = yield* peer.recv()
      yield* peer.sendAll(got)
      const end = yield* peer.recv()
      peer.close()
      return end.length
    })
    const socket = await connect(listener.address)
    await socket.sendAll(Buffer.from('hello'))
    expect((await socket.recv()).toString()).toBe('hello')
    await socket.shutdown('write')
    expect(await server.join()).toBe(0)
    expect(await socket.recv()).toHaveLength(0)
    socket.close()
    listener.close()
  })
})
