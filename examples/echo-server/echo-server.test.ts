import { describe, expect, it } from 'vitest'
import { connect, Group } from 'greenhouse'
import { echoServer } from './echo-server.ts'

describe('echo server', () => {
  it('gives each of many clients its own words back', async () => {
    const address = await echoServer.start('127.0.0.1:0')
    await Group.run(async (group) => {
      for (let i = 0; i < 50; i++) {
        group.schedule(async () => {
          const socket = await connect(address)
          const words = Buffer.from(`client ${i} `.repeat(1000))
          await socket.sendAll(words)
          expect(words.equals(await socket.recvExactly(words.length))).toBe(true)
          await socket.shutdown()
          expect(await socket.recv()).toHaveLength(0)
          socket.close()
        })
      }
    })
    expect(await echoServer.stop()).toBe(true)
    expect(echoServer.statistics()).toMatchObject({ accepted: 50, failed: 0, broken: 0 })
  })
})
