import type { WaitOptions } from '@greenhouse/scheduler'
import { Channel, LifoQueue, PriorityQueue, Queue } from '@greenhouse/util'
import fc from 'fast-check'
import { describe } from 'vitest'
import { against, Model, type Wait } from './engine.ts'

/** Items of a priority queue carry their number, so that it can be seen which of two equal ones came out. */
interface Item {
  readonly rank: number
  readonly number: number
}

type Case = { readonly on: number; readonly put: boolean }

type Op =
  | {
      readonly op: 'get' | 'next' | 'put' | 'join' | 'getMany' | 'putMany'
      readonly on: number
      /** How many items: of getMany and putMany. */
      readonly n: number
    }
  | { readonly op: 'select'; readonly cases: readonly Case[] }

type Act = {
  readonly act: 'tryGet' | 'tryPut' | 'taskDone' | 'close'
  readonly on: number
  readonly rank: number
}

type Policy = 'fifo' | 'lifo' | 'priority'
type Exchange = Queue<Item> | Channel<Item>

/** A wait as it stands in the list of one queue. */
interface Place {
  readonly wait: Wait
  /** Shapes the item for who gets it. */
  readonly gets: ((item: Item) => unknown) | null
  /** The items that are still to be put. */
  readonly puts: Item[]
  /** Of a choice: which case this is. */
  readonly index: number | null
}

class Line {
  readonly policy: Policy
  readonly maxSize: number
  readonly items: Item[] = []
  readonly getters: Place[] = []
  readonly putters: Place[] = []
  readonly joiners: Wait[] = []
  unfinished = 0
  closed = false

  constructor(policy: Policy, maxSize: number) {
    this.policy = policy
    this.maxSize = maxSize
  }

  insert(item: Item): void {
    const { items } = this
    if (this.policy === 'fifo') items.push(item)
    else if (this.policy === 'lifo') items.unshift(item)
    else items.splice(items.filter(({ rank }) => rank <= item.rank).length, 0, item)
  }

  insertFirst(item: Item): void {
    const { items } = this
    if (this.policy !== 'priority') items.unshift(item)
    else items.splice(items.filter(({ rank }) => rank < item.rank).length, 0, item)
  }
}

class ExchangeModel extends Model<Op, Act> {
  readonly lines: Line[]
  /** Gives each item that is put the next number, as the thing itself does. */
  readonly made = { model: 0 }

  constructor(policy: Policy, sizes: readonly number[]) {
    super()
    this.lines = sizes.map((size) => new Line(policy, size))
  }

  item(rank: number): Item {
    return { rank, number: this.made.model++ }
  }

  offer(line: Line, item: Item): boolean {
    if (line.getters.length > 0) this.deliver(line, item)
    else if (line.items.length < line.maxSize) line.insert(item)
    else return false
    line.unfinished++
    return true
  }

  deliver(line: Line, item: Item): void {
    const { wait, gets, index } = line.getters.shift()!
    this.leaveAll(wait)
    const value = index === null ? gets!(item) : { index, item }
    this.hand(wait, value, () => this.takeBack(line, item))
  }

  takeBack(line: Line, item: Item): void {
    if (line.getters.length > 0) this.deliver(line, item)
    else line.insertFirst(item)
  }

  hasItem(line: Line): boolean {
    return line.items.length > 0 || line.putters.length > 0
  }

  take(line: Line): Item {
    if (line.items.length === 0) return this.fromPutter(line)
    const item = line.items.shift()!
    while (line.items.length < line.maxSize && line.putters.length > 0)
      line.insert(this.fromPutter(line))
    return item
  }

  fromPutter(line: Line): Item {
    const { wait, puts, index } = line.putters[0]!
    const item = puts.shift()!
    line.unfinished++
    if (puts.length === 0) {
      this.leaveAll(wait)
      this.hand(wait, index === null ? undefined : { index, item }, null)
    }
    return item
  }

  start(wait: Wait, op: Op): void {
    if (op.op === 'select') return this.select(wait, op.cases)
    const line = this.lines[op.on]!
    switch (op.op) {
      case 'join':
        if (line.unfinished === 0) this.hand(wait, true, null)
        else line.joiners.push(wait)
        break
      case 'put':
      case 'putMany': {
        const puts = Array.from({ length: op.op === 'put' ? 1 : op.n }, (_, i) => this.item(i % 3))
        if (line.closed) return this.hand(wait, 'GH_CLOSED', null)
        while (puts.length > 0 && this.offer(line, puts[0]!)) puts.shift()
        if (puts.length === 0) this.hand(wait, undefined, null)
        else line.putters.push({ wait, gets: null, puts, index: null })
        break
      }
      default:
        this.get(wait, line, op)
    }
  }

  get(wait: Wait, line: Line, op: Exclude<Op, { readonly op: 'select' }>): void {
    const gets =
      op.op === 'get'
        ? (item: Item) => item
        : op.op === 'next'
          ? (item: Item) => ({ done: false, value: item })
          : (item: Item) => [item]
    if (op.op === 'getMany' && this.hasItem(line)) {
      const items: Item[] = []
      while (items.length < op.n && this.hasItem(line)) items.push(this.take(line))
      const giveBack = () => {
        for (const item of items.toReversed()) this.takeBack(line, item)
      }
      this.hand(wait, [...items], giveBack)
    } else if (this.hasItem(line)) {
      const item = this.take(line)
      this.hand(wait, gets(item), () => this.takeBack(line, item))
    } else if (line.closed) {
      this.hand(wait, op.op === 'next' ? { done: true, value: undefined } : 'GH_CLOSED', null)
    } else line.getters.push({ wait, gets, puts: [], index: null })
  }

  select(wait: Wait, cases: readonly Case[]): void {
    const items = cases.map(({ put }) => (put ? this.item(0) : null))
    for (const [index, { on, put }] of cases.entries()) {
      const line = this.lines[on]!
      const item = items[index]!
      if (put && !line.closed && this.offer(line, item))
        return this.hand(wait, { index, item }, null)
      if (!put && this.hasItem(line)) {
        const got = this.take(line)
        return this.hand(wait, { index, item: got }, () => this.takeBack(line, got))
      }
    }
    if (cases.every(({ on }) => this.lines[on]!.closed)) return this.hand(wait, 'GH_CLOSED', null)
    for (const [index, { on, put }] of cases.entries()) {
      const line = this.lines[on]!
      if (line.closed) continue
      if (put) line.putters.push({ wait, gets: null, puts: [items[index]!], index })
      else line.getters.push({ wait, gets: null, puts: [], index })
    }
  }

  act({ act, on, rank }: Act): unknown {
    const line = this.lines[on]!
    switch (act) {
      case 'tryGet':
        return this.hasItem(line) ? this.take(line) : 'none'
      case 'tryPut': {
        const item = this.item(rank)
        if (line.closed) throw Object.assign(new Error(), { code: 'GH_CLOSED' })
        return this.offer(line, item)
      }
      case 'taskDone':
        if (line.unfinished === 0) throw Object.assign(new Error(), { code: 'GH_INVALID_STATE' })
        if (--line.unfinished === 0)
          for (const wait of line.joiners.splice(0)) this.hand(wait, true, null)
        return undefined
      case 'close':
        line.closed = true
        for (const list of [line.getters, line.putters]) {
          for (const { wait, gets, index } of list.splice(0)) {
            const elsewhere = this.lines.some((other) =>
              [...other.getters, ...other.putters].some((at) => at.wait === wait),
            )
            if (index !== null && elsewhere) continue
            const next =
              gets !== null && (gets({ rank: 0, number: 0 }) as { done?: boolean }).done === false
            if (next) this.hand(wait, { done: true, value: undefined }, () => {})
            else this.hand(wait, 'GH_CLOSED', null)
          }
        }
    }
    return undefined
  }

  leaveAll(wait: Wait): void {
    for (const line of this.lines) {
      for (const list of [line.getters, line.putters]) {
        for (let at = list.length - 1; at >= 0; at--)
          if (list[at]!.wait === wait) list.splice(at, 1)
      }
      const at = line.joiners.indexOf(wait)
      if (at !== -1) line.joiners.splice(at, 1)
    }
  }

  withdraw(wait: Wait): void {
    this.leaveAll(wait)
  }

  expired(_wait: Wait, { op }: Op): unknown {
    if (op === 'join') return false
    if (op === 'select') return 'GH_TIMEOUT'
    return op === 'put' || op === 'putMany' ? 'GH_FULL' : 'GH_EMPTY'
  }

  figures(): unknown {
    return this.lines.map((line) => ({
      size: line.items.length,
      getters: line.getters.length,
      putters: line.putters.length,
      joiners: line.joiners.length,
      unfinished: line.unfinished,
      closed: line.closed,
    }))
  }
}

class RealExchanges {
  readonly all: readonly Exchange[]
  made = 0

  constructor(all: readonly Exchange[]) {
    this.all = all
  }

  item(rank: number): Item {
    return { rank, number: this.made++ }
  }

  start(op: Op, options: WaitOptions) {
    if (op.op === 'select') {
      const cases = op.cases.map(({ on, put }) => {
        const queue = this.all[on]! as Channel<Item>
        return put ? ([queue, this.item(0)] as const) : queue
      })
      return Channel.select(cases, options)
    }
    const queue = this.all[op.on]!
    switch (op.op) {
      case 'get':
        return queue.get(options)
      case 'next':
        return queue.next(options)
      case 'getMany':
        return queue.getMany(op.n, options)
      case 'put':
        return queue.put(this.item(0), options)
      case 'putMany':
        return queue.putMany(
          Array.from({ length: op.n }, (_, i) => this.item(i % 3)),
          options,
        )
      case 'join':
        return (queue as Queue<Item>).join(options)
    }
  }

  shape(outcome: unknown): unknown {
    const chosen = outcome as { index?: number; item?: Item } | undefined
    return chosen?.index === undefined ? outcome : { index: chosen.index, item: chosen.item }
  }

  act({ act, on, rank }: Act): unknown {
    const queue = this.all[on]!
    if (act === 'tryGet') return queue.tryGet('none')
    if (act === 'tryPut') return queue.tryPut(this.item(rank))
    if (act === 'taskDone') return (queue as Queue<Item>).taskDone()
    return queue.close()
  }

  figures(): unknown {
    return this.all.map((queue) => {
      const { size, getters, putters, closed } = queue.statistics()
      const isQueue = queue instanceof Queue
      return {
        size,
        getters,
        putters,
        joiners: isQueue ? queue.joiners.size : 0,
        unfinished: isQueue ? queue.statistics().unfinished : queue.accepted,
        closed,
      }
    })
  }
}

const KINDS = {
  Queue: { policy: 'fifo', make: (size: number) => new Queue<Item>(size) },
  LifoQueue: { policy: 'lifo', make: (size: number) => new LifoQueue<Item>(size) },
  PriorityQueue: {
    policy: 'priority',
    make: (size: number) => new PriorityQueue<Item>(size, { compare: (a, b) => a.rank - b.rank }),
  },
  Channel: { policy: 'fifo', make: (size: number) => new Channel<Item>(size) },
} as const

function ops(count: number, joins: boolean): fc.Arbitrary<Op> {
  const on = fc.nat(count - 1)
  const n = fc.integer({ min: 1, max: 4 })
  const plain = fc.record({
    op: fc.constantFrom('get' as const, 'get' as const, 'next' as const, 'put' as const),
    on,
    n,
  })
  const many = fc.record({ op: fc.constantFrom('getMany' as const, 'putMany' as const), on, n })
  const select = fc.record({
    op: fc.constant('select' as const),
    cases: fc.array(fc.record({ on, put: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  })
  const join = fc.record({ op: fc.constant('join' as const), on, n })
  return fc.oneof<fc.Arbitrary<Op>[]>(
    plain,
    plain,
    many,
    ...(count > 1 ? [select, select] : []),
    ...(joins ? [join] : []),
  )
}

function acts(count: number, queues: boolean): fc.Arbitrary<Act> {
  const names = [
    'tryGet',
    'tryGet',
    'tryPut',
    'tryPut',
    ...(queues ? ['taskDone', 'taskDone'] : []),
    'close',
  ] as Act['act'][]
  const usual = fc.record({
    act: fc.constantFrom(...names.slice(0, -1)),
    on: fc.nat(count - 1),
    rank: fc.nat(2),
  })
  const close = fc.record({
    act: fc.constant('close' as const),
    on: fc.nat(count - 1),
    rank: fc.constant(0),
  })
  return fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: close })
}

describe('model', () => {
  for (const [name, { policy, make }] of Object.entries(KINDS)) {
    const isQueue = name !== 'Channel'
    const size = isQueue ? fc.constantFrom(1, 2, 3, Infinity) : fc.constantFrom(0, 0, 1, 2)
    against(name, size, ops(1, isQueue), acts(1, isQueue), (maxSize) => ({
      model: new ExchangeModel(policy, [maxSize]),
      subject: new RealExchanges([make(maxSize)]),
    }))
  }

  const sizes = fc.array(fc.constantFrom(0, 0, 1), { minLength: 3, maxLength: 3 })
  against('Channel.select', sizes, ops(3, false), acts(3, false), (all) => ({
    model: new ExchangeModel('fifo', all),
    subject: new RealExchanges(all.map((size) => new Channel<Item>(size))),
  }))
})
