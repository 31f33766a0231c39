// A function over many items, some at a time.
import type { AsyncBody, GeneratorBody, Plain, PlainBody } from '@greenhouse/scheduler'
import { checkOptions, wrongType } from '@greenhouse/scheduler/kernel'
import { checkBody, isObject, type Body } from './body.ts'
import type { Mapped } from './mapped.ts'
import { Mapping } from './mapping.ts'
import { concurrencyOf, type ConcurrencyOptions } from './options.ts'
import type { Items } from './source.ts'

/**
 * Calls a function for each item, a few at a time, and gives the results in the order of the items.
 *
 * It is lazy and bounded: the calls that run and the results that wait for the consumer are never more than `concurrency`, so
 * that the items may be endless. (`toArray` has nobody to wait for.) When the consumer breaks off, the calls that run are ended
 * and the iterable is closed. The first error does the same and is thrown, after the results that were ready before it; what
 * the ended calls throw after that is dropped.
 *
 * The function gets the item alone, so that `map(fetch, urls)` works; with `items.entries()` it gets the index as well.
 *
 * @param fn - An async, generator or plain function.
 * @param items - Any iterable or async iterable; it is asked for one item at a time.
 * @param options - `concurrency`: how many calls at once; 10 by default, Infinity for no limit.
 * @returns an async iterable with `toArray()`.
 * @throws {GH_INVALID_ARGUMENT} when the arguments are swapped, or no function, no iterable or bad options.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 * import { map } from '@greenhouse/pool'
 *
 * const slowly = async (ms: number) => {
 *   await pauseFor(ms)
 *   return `${ms} ms`
 * }
 * for await (const text of map(slowly, [20, 1], { concurrency: 2 })) console.log(text)
 * // => 20 ms
 * // => 1 ms
 * console.log((await map(slowly, [3, 2]).toArray()).join()) // => 3 ms,2 ms
 * ```
 *
 * Source: greenhouse/pool.py map. Differs: lazy; `concurrency` for `pool_size`.
 */
export function map<I, T>(
  fn: GeneratorBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function map<I, T>(
  fn: AsyncBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function map<I, T extends Plain>(
  fn: PlainBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function map(fn: unknown, items: unknown, options?: ConcurrencyOptions): Mapped<unknown> {
  return start('map', fn, items, options, true)
}

/**
 * Calls a function for each item, a few at a time, and gives the results as they come: `map` without the order. A slow item
 * holds nothing up.
 *
 * @param fn - As for `map`.
 * @param items - As for `map`.
 * @param options - As for `map`.
 * @returns an async iterable with `toArray()`.
 * @throws {GH_INVALID_ARGUMENT} as for `map`.
 * @example
 * ```ts
 * import { pauseFor } from '@greenhouse/scheduler'
 * import { mapUnordered } from '@greenhouse/pool'
 *
 * const sleep = async (ms: number) => {
 *   await pauseFor(ms)
 *   return ms
 * }
 * for await (const ms of mapUnordered(sleep, [20, 1])) console.log(ms)
 * // => 1
 * // => 20
 * ```
 */
export function mapUnordered<I, T>(
  fn: GeneratorBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function mapUnordered<I, T>(
  fn: AsyncBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function mapUnordered<I, T extends Plain>(
  fn: PlainBody<[item: I], T>,
  items: Items<I>,
  options?: ConcurrencyOptions,
): Mapped<T>
export function mapUnordered(
  fn: unknown,
  items: unknown,
  options?: ConcurrencyOptions,
): Mapped<unknown> {
  return start('mapUnordered', fn, items, options, false)
}

function start(
  name: string,
  fn: unknown,
  items: unknown,
  options: ConcurrencyOptions = {},
  ordered: boolean,
): Mapped<unknown> {
  if (isItems(fn) && typeof items === 'function') {
    wrongType('fn', `a function (the arguments are swapped: \`${name}(fn, items)\`)`, fn)
  }
  checkBody(fn)
  if (!isItems(items)) wrongType('items', 'an iterable or async iterable', items)
  checkOptions('options', options)
  return new Mapping(fn as Body, items, concurrencyOf(options), ordered)
}

function isItems(value: unknown): value is Items<unknown> {
  if (typeof value === 'string') return true
  return isObject(value) && (Symbol.asyncIterator in value || Symbol.iterator in value)
}
