// Argument checks. Each throws a TypeError or RangeError with the code GH_INVALID_ARGUMENT that names the argument,
// what was expected and what came.
import { inspect } from 'node:util'

/** Throws a coded TypeError: the argument is of a wrong kind. */
export function wrongType(name: string, expected: string, value: unknown): never {
  throw coded(new TypeError(describe(name, expected, value)))
}

/** Throws a coded RangeError: the argument is of the right kind, with a value that cannot be used. */
export function wrongValue(name: string, expected: string, value: unknown): never {
  throw coded(new RangeError(describe(name, expected, value)))
}

/** Demands a function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') wrongType(name, 'a function', value)
}

/** Demands a delay in milliseconds: a number of at least 0, Infinity included. */
export function checkDelay(name: string, value: unknown): void {
  if (typeof value !== 'number') wrongType(name, 'a number of milliseconds of at least 0', value)
  if (!(value >= 0)) wrongValue(name, 'a number of milliseconds of at least 0', value)
}

/** Demands a moment: finite milliseconds since the epoch. */
export function checkMoment(name: string, value: unknown): void {
  const expected = 'a moment in milliseconds since the epoch'
  if (typeof value !== 'number') wrongType(name, expected, value)
  if (!Number.isFinite(value)) wrongValue(name, expected, value)
}

/** Demands an integer of at least `least`, or Infinity where the limit may be open. */
export function checkCount(name: string, value: unknown, least: number): void {
  const expected = `an integer of at least ${least}, or Infinity`
  if (typeof value !== 'number') wrongType(name, expected, value)
  if (!(value >= least && (Number.isInteger(value) || value === Infinity))) {
    wrongValue(name, expected, value)
  }
}

/** Demands an options object, or undefined. */
export function checkOptions(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    wrongType(name, 'an object of options', value)
  }
}

function describe(name: string, expected: string, value: unknown): string {
  const seen = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60 })
  return `Expected \`${name}\` to be ${expected}, got \`${seen}\` (${kindOf(value)})`
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function coded<E extends Error>(error: E): E {
  return Object.assign(error, { code: 'GH_INVALID_ARGUMENT' })
}
