import { pause, schedule } from '@greenhouse/scheduler'
import { connect, listen } from '@greenhouse/io'
import { expect, it } from 'vitest'

it('S06 a greenlet blocked in recv stays blocked over two pauses, and resumes once its peer sends', async () => {
  const listener = await listen('127.0.0.1:0')
  const socket = await connect(listener.address)
  const peer = await listener.accept()
  const steps: string[] = []
  const reader = schedule(function* () {
    steps.push('reads')
    steps.push((yield* socket.recv()).toString())
  })
  await pause()
  await pause()
  expect(reader.state).toBe('blocked')
  expect(steps).toEqual(['reads'])
  await peer.sendAll(Buffer.from('data'))
  await reader.join()
  expect(steps).toEqual(['reads', 'data'])
  for (const one of [socket, peer, listener]) one.close()
})
