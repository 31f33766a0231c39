import type { Blocking, Steps } from '@greenhouse/scheduler'
import {
  Channel,
  Condition,
  Local,
  Lock,
  PriorityQueue,
  Queue,
  Thread,
  Timer,
} from '@greenhouse/util'
import type { Exchange, Held } from '@greenhouse/util'
import { describe, expectTypeOf, it } from 'vitest'

describe('types', () => {
  const queue = new Queue<number>()
  const channel = new Channel<string>()

  it('a queue gives what it was made for', () => {
    expectTypeOf(queue.get()).toEqualTypeOf<Blocking<number>>()
    expectTypeOf(queue.tryGet()).toEqualTypeOf<number | undefined>()
    expectTypeOf(queue.tryGet('none' as const)).toEqualTypeOf<number | 'none'>()
    expectTypeOf(queue.getMany()).toEqualTypeOf<Blocking<number[]>>()
    expectTypeOf(queue.next()).toEqualTypeOf<Blocking<IteratorResult<number, undefined>>>()
    // @ts-expect-error an item of another type
    void queue.put('x')
    expectTypeOf(new PriorityQueue<string>(1, { compare: (a, b) => a.length - b.length })).toExtend<
      Queue<string>
    >()
    expectTypeOf(queue).toExtend<Exchange<number>>()
    expectTypeOf(channel).toExtend<Exchange<string>>()
  })

  it('yield* and await give the same', () => {
    function* steps(): Steps<number> {
      expectTypeOf(yield* queue.get()).toEqualTypeOf<number>()
      return yield* queue.get()
    }
    async function body(): Promise<number> {
      expectTypeOf(await queue.get()).toEqualTypeOf<number>()
      return queue.get()
    }
    expectTypeOf(steps).toBeFunction()
    expectTypeOf(body).toBeFunction()
  })

  it('run gives what its function gives', () => {
    const lock = new Lock()
    expectTypeOf(lock.run(async () => 1)).toEqualTypeOf<Blocking<number>>()
    expectTypeOf(lock.run(() => 'x')).toEqualTypeOf<Blocking<string>>()
    expectTypeOf(lock.run(() => queue.get())).toEqualTypeOf<Blocking<number>>()
    expectTypeOf(
      new Condition().run(function* () {
        return yield* queue.get()
      }),
    ).toEqualTypeOf<Blocking<number>>()
    // @ts-expect-error `yield` where `yield*` is needed
    void lock.run(function* () {
      yield queue.get()
    })
    expectTypeOf(lock.hold()).toEqualTypeOf<Blocking<Held>>()
    expectTypeOf<Held>().toExtend<Disposable>()
  })

  it('select knows its channels and items', async () => {
    const chosen = await Channel.select([queue, [channel, 'x']])
    if (chosen.channel === queue) expectTypeOf(chosen.item).toExtend<number | string>()
    const one = await Channel.select([queue])
    expectTypeOf(one.item).toEqualTypeOf<number>()
    // @ts-expect-error an item that does not fit its channel
    void Channel.select([[channel, 1]])
  })

  it('a Local has the properties it was made for', () => {
    const local = new Local<{ user: string }>()
    expectTypeOf(local.user).toEqualTypeOf<string | undefined>()
    // @ts-expect-error no such property
    local.other = 1
    expectTypeOf(new Local()).toExtend<Record<string, unknown>>()
  })

  it('threads and timers take functions with arguments', () => {
    void new Thread((n: number) => n, { args: [1] })
    void new Timer(1, (n: number, text: string) => [n, text], 1, 'x')
    class Own extends Thread {
      override run(name: string): void {
        void name
      }
    }
    expectTypeOf(new Own(null, { args: ['x'] }).join()).toEqualTypeOf<Blocking<boolean>>()
  })
})
