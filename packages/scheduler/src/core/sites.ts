// Where greenlets were spawned and where they wait: recorded only on demand, since a stack trace costs microseconds.
import { fileURLToPath, pathToFileURL } from 'node:url'

export let recording = false

/** Frames of Node, of this package and of those beside it: `node_modules/@greenhouse/…`, or all packages of a checkout. */
let ours: RegExp | undefined
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

/** The innermost frame that is neither of greenhouse nor of Node. */
export function callSite(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  Error.stackTraceLimit = limit
  const own = (ours ??= new RegExp(`\\(<anonymous>\\)|\\bnode:|${ownPlace()}`))
  const frame = lines.find((line) => !own.test(line))
  return (frame ?? lines.at(-1) ?? 'unknown').trim().replace(/^at /, '')
}

function ownPlace(): string {
  const path = /^(.*[\\/])scheduler[\\/](?:src|dist)[\\/]/.exec(ownPath())?.[1]
  // Frames name ES modules by URL, others by path.
  const folders = path === undefined ? [] : [path, pathToFileURL(path).href]
  const beside = folders.map((folder) => `${escape(folder)}[\\w-]+[\\\\/](?:src|dist)[\\\\/]`)
  return ['node_modules[\\\\/]@greenhouse[\\\\/]', ...beside].join('|')
}

function ownPath(): string {
  try {
    return fileURLToPath(import.meta.url)
  } catch {
    return ''
  }
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
