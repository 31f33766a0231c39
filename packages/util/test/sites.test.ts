import { dump, end, formatDump, pause, recordSites, schedule } from '@greenhouse/scheduler'
import { Condition, Lock, Queue } from '@greenhouse/util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

describe('places that are recorded', () => {
  beforeEach(() => recordSites(true))
  afterEach(() => recordSites(false))

  it('are those of the program, not of the packages of greenhouse', async () => {
    const lock = new Lock({ name: 'held' })
    await lock.acquire()
    const condition = new Condition()
    const all = [
      schedule(async function getting() {
        await new Queue().get()
      }),
      schedule(function* locking() {
        yield* lock.run(() => 1)
      }),
      schedule(async function told() {
        await condition.run(() => condition.wait())
      }),
    ]
    await pause()
    await pause()
    const greenlets = dump().greenlets.filter(({ id }) => all.some((one) => one.id === id))
    expect(greenlets).toHaveLength(3)
    for (const { spawnSite, waits, name } of greenlets) {
      expect(spawnSite).toContain('sites.test.ts')
      expect(waits[0]!.site).toContain('sites.test.ts')
      expect(waits[0]!.site).toContain(name)
    }
    expect(formatDump()).toMatch(
      /"locking".*\n.* > .*Lock\.acquire on "held" for \d+ ms, held by greenlet 0 "main", at /,
    )
    for (const one of all) end(one)
    await pause()
    lock.release()
  })
})
