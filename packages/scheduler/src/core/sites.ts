// Where greenlets were spawned and where they wait: recorded only on demand, since a stack trace costs microseconds.
import { fileURLToPath } from 'node:url'
import { dirname } from 'node:path'

export let recording = false

const own = ownFolder()
const waits = new WeakMap<object, string>()

export function setRecording(on: boolean): void {
  recording = on
}

export function noteWait(operation: object): void {
  waits.set(operation, callSite())
}

export function waitSite(operation: object): string | undefined {
  return waits.get(operation)
}

/** The innermost frame that is neither ours nor Node's. */
export function callSite(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = limit
  const frame = lines.find(
    (line) => !line.includes(own) && !line.includes('node:') && !line.includes('<anonymous>'),
  )
  return (frame ?? lines.at(-1) ?? 'unknown').trim().replace(/^at /, '')
}

function ownFolder(): string {
  try {
    return dirname(fileURLToPath(import.meta.url)).replace(/[\\/]core$/, '')
  } catch {
    return '@greenhouse/scheduler'
  }
}
