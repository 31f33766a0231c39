import { describe, expect, it } from 'vitest'
import { giveFalse, WaitList, type Operation } from '@greenhouse/scheduler/kernel'

describe('an abort signal', () => {
  it('spares a wait that is served because another one of the same signal is aborted', async () => {
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const list = new WaitList<boolean>('test')
    const first = list.park<boolean>(undefined, options, giveFalse)
    const second = list.park<boolean>(undefined, options, giveFalse)
    const operation = first as unknown as Operation
    operation.source = {
      kind: 'test',
      giveBack: null,
      withdraw(leaving) {
        list.withdraw(leaving)
        list.wake(true)
      },
    }
    controller.abort(new Error('stop'))
    await expect(first).rejects.toThrow('stop')
    expect(await second).toBe(true)
    expect(list.size).toBe(0)
  })
})
