import { expect, it } from 'vitest'
import { inTurn } from '../src/rt/turn.ts'

it('spreads long beginnings over turns of the event loop, in order', async () => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const order: number[] = []
  const busy = (i: number) => (): void => {
    const until = performance.now() + 3
    while (performance.now() < until);
    order.push(i)
  }
  const numbers = Array.from({ length: 10 }, (_, i) => i)
  for (const i of numbers) inTurn(busy(i))
  // Each takes up a turn.
  expect(order).toEqual([0])
  await new Promise<void>((resolve) => inTurn(() => resolve()))
  isOver = true
  expect(order).toEqual(numbers)
  expect(turns).toBeGreaterThanOrEqual(9)
})
