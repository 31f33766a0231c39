import * as util from '@greenhouse/util'
import { expect, it } from 'vitest'

it('exports exactly these names', () => {
  expect(Object.keys(util).toSorted()).toEqual([
    'Barrier',
    'BoundedSemaphore',
    'Channel',
    'Condition',
    'Counter',
    'Event',
    'LifoQueue',
    'Local',
    'Lock',
    'PriorityQueue',
    'Queue',
    'RLock',
    'RateLimiter',
    'Semaphore',
    'Thread',
    'Timer',
  ])
})
