import * as pool from '@greenhouse/pool'
import { expect, it } from 'vitest'

it('exports exactly these names', () => {
  expect(Object.keys(pool).toSorted()).toEqual([
    'OneWayPool',
    'OrderedPool',
    'Pool',
    'map',
    'mapUnordered',
  ])
})
