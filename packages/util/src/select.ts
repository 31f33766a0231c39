// The choice between several channels. The caller waits for one operation; in the list of each channel stands another of its
// own, so that it is served in order of arrival there. Whichever is served first takes out all others in the same instant.
//
//   caller -> choice -> [ a getter of channel a | a putter of channel b | … ]
import {
  GreenhouseError,
  TimeoutError,
  type Blocking,
  type WaitOptions,
} from '@greenhouse/scheduler'
import {
  complete,
  fail,
  isWaitList,
  refuse,
  resume,
  resumeError,
  WaitList,
  wrongType,
  type Operation,
} from '@greenhouse/scheduler/kernel'
import { hasItem, offerItem, takeBack, takeItem, type Giver, type Taker } from './core/line.ts'
import type { Source } from '@greenhouse/scheduler/kernel'
import type { Exchange } from './exchange.ts'

type AnyExchange = Exchange<any>

/** One way that `Channel.select` may go: getting from a channel or queue, or putting an item in. */
export type SelectCase = AnyExchange | readonly [channel: AnyExchange, item: unknown]

/** Lets no item be put where it does not fit. */
export type FittingCases<C> = {
  [I in keyof C]: C[I] extends readonly [Exchange<infer T>, unknown] ? readonly [C[I][0], T] : C[I]
}

/** What `Channel.select` gives. */
export type Selected<C extends readonly SelectCase[]> = {
  [I in keyof C]: C[I] extends Exchange<infer T>
    ? Chosen<C[I], T>
    : C[I] extends readonly [infer E, infer T]
      ? Chosen<E, T>
      : never
}[number]

/** The case that was chosen: its place in the list, its channel, and the item that was got or put. */
export interface Chosen<E = AnyExchange, T = unknown> {
  readonly index: number
  readonly channel: E
  readonly item: T
}

export function select(cases: readonly SelectCase[], options?: WaitOptions): Blocking<Chosen> {
  if (!Array.isArray(cases) || cases.length === 0)
    wrongType('cases', 'a non-empty array of channels', cases)
  const all = cases.map(readCase)
  const refused = refuse(options)
  if (refused !== null) return refused
  for (const { index, channel, putting, item } of all) {
    if (putting) {
      if (!channel.closed && offerItem(channel, item)) return complete({ index, channel, item })
    } else if (hasItem(channel)) return GETS.complete({ index, channel, item: takeItem(channel) })
  }
  const open = all.filter(({ channel }) => !channel.closed)
  if (open.length === 0) return fail(allClosed())
  const blocking = GETS.park<Chosen>(undefined, options, timedOut)
  const operation = blocking as unknown as Operation
  if (operation.parked) operation.source = new Choice(operation, open)
  return blocking
}

interface Case {
  readonly index: number
  readonly channel: AnyExchange
  readonly putting: boolean
  readonly item: unknown
}

/** The callers of select, and what becomes of an item that was got for one who cannot take it any more. */
const GETS = new WaitList<Chosen>('Channel.select', ({ channel, item }) => takeBack(channel, item))
const PUTS = new WaitList<Chosen>('Channel.select')

/** What the caller waits on: all cases at once. */
class Choice implements Source {
  readonly kind = 'Channel.select'
  readonly giveBack = null
  readonly operation: Operation
  readonly waiting: Set<Operation> = new Set()

  constructor(operation: Operation, cases: readonly Case[]) {
    this.operation = operation
    for (const one of cases) this.wait(one)
  }

  wait(one: Case): void {
    const { channel, putting } = one
    const list = putting ? channel.putters : channel.getters
    const waiter = list.park(one.item, undefined, () => {}) as unknown as Operation
    waiter.source = putting ? new PutCase(this, one) : new GetCase(this, one)
    this.waiting.add(waiter)
  }

  withdraw(operation: Operation): void {
    GETS.withdraw(operation)
    this.dismiss()
  }

  /** One waiter, taken out of its list, was served: all others are not wanted any more. */
  won(waiter: Operation, { index, channel, putting, item }: Case): void {
    this.drop(waiter)
    this.dismiss()
    GETS.withdraw(this.operation)
    this.operation.source = putting ? PUTS : GETS
    resume(this.operation, { index, channel, item })
  }

  /** One waiter, taken out of its list, will never be served. */
  lost(waiter: Operation, { channel }: Case, error: unknown): void {
    this.drop(waiter)
    if (channel.closed && this.waiting.size > 0) return
    this.dismiss()
    GETS.withdraw(this.operation)
    resumeError(this.operation, channel.closed ? allClosed() : error)
  }

  drop(waiter: Operation): void {
    this.waiting.delete(waiter)
    resume(waiter, undefined)
  }

  dismiss(): void {
    for (const waiter of this.waiting) {
      // The scope of the caller may have cancelled it before the caller's own operation.
      if (!waiter.parked) continue
      waiter.source.withdraw(waiter)
      resume(waiter, undefined)
    }
    this.waiting.clear()
  }
}

abstract class WaitingCase implements Source {
  readonly giveBack = null
  readonly choice: Choice
  readonly one: Case
  readonly list: WaitList<any>

  constructor(choice: Choice, one: Case) {
    this.choice = choice
    this.one = one
    this.list = one.putting ? one.channel.putters : one.channel.getters
  }

  get kind(): string {
    return this.list.kind
  }

  get owner(): AnyExchange {
    return this.one.channel
  }

  withdraw(waiter: Operation): void {
    this.list.withdraw(waiter)
  }
}

class GetCase extends WaitingCase implements Taker<unknown> {
  deliver(waiter: Operation, item: unknown): void {
    this.choice.won(waiter, { ...this.one, item })
  }

  finish(waiter: Operation, error: unknown): void {
    this.choice.lost(waiter, this.one, error)
  }
}

class PutCase extends WaitingCase implements Giver<unknown> {
  item(): unknown {
    return this.one.item
  }

  taken(waiter: Operation): void {
    this.choice.won(waiter, this.one)
  }

  fail(waiter: Operation, error: unknown): void {
    this.choice.lost(waiter, this.one, error)
  }
}

function readCase(one: SelectCase, index: number): Case {
  const pair = Array.isArray(one) ? one : null
  const channel = (pair === null ? one : pair[0]) as Partial<AnyExchange> | null | undefined
  if (!isWaitList(channel?.getters)) {
    wrongType(`cases[${index}]`, 'a channel or queue, or such with an item in an array', one)
  }
  return { index, channel: channel as AnyExchange, putting: pair !== null, item: pair?.[1] }
}

function allClosed(): GreenhouseError {
  return new GreenhouseError('GH_CLOSED', 'All channels are closed')
}

function timedOut(operation: Operation, afterMs: number): void {
  resumeError(operation, new TimeoutError('Channel.select', afterMs))
}
