import { schedule } from '@greenhouse/scheduler'
import { fail } from '@greenhouse/scheduler/kernel'
import { expect, it } from 'vitest'

// The test set-up reports unhandled rejections.
it('takes a failure as consumed also where the slice is used up and its consumer has to wait', async () => {
  const failures = 5000
  let caught = 0
  for (let i = 0; i < failures; i++) {
    try {
      await fail(i)
    } catch {
      caught++
    }
  }
  const greenlet = schedule(function* () {
    for (let i = 0; i < failures; i++) {
      try {
        yield* fail(i)
      } catch {
        caught++
      }
    }
  })
  await greenlet.join()
  expect(caught).toBe(2 * failures)
})
