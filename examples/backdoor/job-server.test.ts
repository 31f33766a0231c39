import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { end, schedule } from 'greenhouse'
import { connectBackdoor, runBackdoor } from '@greenhouse/backdoor'
import { JobServer } from './job-server.ts'

const unheard = () => {}
beforeAll(() => subscribe('greenhouse:log', unheard))
afterAll(() => unsubscribe('greenhouse:log', unheard))

describe('a job server with a backdoor', () => {
  it('can be looked into, and acted in, while it works', async () => {
    const jobs = new JobServer()
    const token = 'the token of this test'
    const working = jobs.start(1)
    let door = working
    const address = await new Promise<string>((resolve) => {
      door = schedule(() =>
        runBackdoor('127.0.0.1:0', {
          namespace: { jobs },
          auth: { token },
          stuckLine: false,
          onListening: (backdoor) => resolve(backdoor.address),
        }),
      )
    })
    const socket = await connectBackdoor(address, { token })
    await socket.sendAll(
      Buffer.from('jobs.ledger.run(() => jobs.done.length) && 1\n.pools\n.locks\n.exit\n'),
    )
    const said = (await socket.makeFile('r').read()).toString()
    expect(said).toMatch(/> 1\n/)
    expect(said).toMatch(/OneWayPool +jobs +concurrency 4, workers \d/)
    expect(said).toMatch(/Lock +ledger/)
    socket.close()
    for (const greenlet of [working, door]) {
      end(greenlet)
      await greenlet.join().catch(() => {})
    }
  })
})
