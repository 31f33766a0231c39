// The stuck line: a loop that is held cannot answer for itself, so a thread of its own does. It reads, and changes nothing.
import { unlinkSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { formatAddress, type Address, type TlsServerOptions } from '@greenhouse/io'
import { dump, formatDump, getCurrent } from '@greenhouse/scheduler'
import { logWarning } from '../security/log.ts'
import type { TokenGate } from '../security/token.ts'
import { stuckWorker } from './stuck-worker.ts'

/** What the thread is given. */
export interface StuckWorkerData {
  readonly address: Address
  /** When the loop last turned, by `process.hrtime`. */
  readonly beat: BigInt64Array
  /** From when on it counts as held, in milliseconds. */
  readonly heldAfterMs: number
  /** How long the main thread may take to be stopped, in milliseconds. */
  readonly lookMs: number
  readonly authTimeoutMs: number
  readonly gate: {
    readonly key: Uint8Array
    readonly expected: Uint8Array
    readonly attempts: number
    readonly lockoutMs: number
  } | null
  readonly tls: TlsServerOptions | null
}

/** A stuck line that is open. */
export interface StuckLine {
  readonly address: Address
  stop(): Promise<void>
}

const HEARTBEAT_MS = 100
const HELD_AFTER_MS = 300
const LOOK_MS = 2000
/** A dump for the thread to keep costs at most this part of the time. */
const DUMP_SHARE = 1 / 2000
const DUMP_MS = 5000
const MOST_GREENLETS = 200

/** How the thread asks, while the main thread is stopped in the debugger. */
const STATE: symbol = Symbol.for('@greenhouse/backdoor/state')

/** Where the stuck line of a backdoor is: beside its path, or on the next port. */
export function stuckAddressOf({ path, host, port }: Address): Address {
  if (path !== undefined) return { path: `${path}.stuck` }
  return { host, port: port === 0 ? 0 : Math.min(port + 1, 65_535) }
}

/**
 * Opens a stuck line.
 *
 * @returns the line, or null when it cannot be opened: the backdoor does without it, and the log says why.
 */
export async function openStuckLine(
  address: Address,
  gate: TokenGate | null,
  tls: TlsServerOptions | undefined,
  authTimeoutMs: number,
): Promise<StuckLine | null> {
  const beat = new BigInt64Array(new SharedArrayBuffer(8))
  const data: StuckWorkerData = {
    address,
    beat,
    heldAfterMs: HELD_AFTER_MS,
    lookMs: LOOK_MS,
    authTimeoutMs,
    gate: gate === null ? null : keysOf(gate),
    tls: tls ?? null,
  }
  let worker: Worker
  try {
    // Loaders that keep names of functions leave calls of a helper in their source.
    const source = `const __name = (fn) => fn;(${stuckWorker.toString()})()`
    worker = new Worker(source, { eval: true, workerData: data, execArgv: [] })
  } catch (error) {
    return without(address, error)
  }
  const heart = setInterval(() => Atomics.store(beat, 0, process.hrtime.bigint()), HEARTBEAT_MS)
  heart.unref()
  Atomics.store(beat, 0, process.hrtime.bigint())
  const globals = globalThis as unknown as Record<symbol, unknown>
  globals[STATE] = stateNow
  let dumps: NodeJS.Timeout | undefined
  const sendDump = () => {
    const before = performance.now()
    worker.postMessage(dumpNow())
    clearTimeout(dumps)
    dumps = setTimeout(sendDump, Math.max(DUMP_MS, (performance.now() - before) / DUMP_SHARE))
    dumps.unref()
  }
  const stop = async () => {
    clearInterval(heart)
    clearTimeout(dumps)
    if (globals[STATE] === stateNow) delete globals[STATE]
    await worker.terminate()
    if (address.path !== undefined) unlinkIfThere(address.path)
  }
  try {
    const bound = await new Promise<Address>((resolve, reject) => {
      worker.once('error', reject)
      worker.on('message', (message: 'dump' | { address?: Address; message?: string }) => {
        if (message === 'dump') sendDump()
        else if (message.address !== undefined) resolve(message.address)
        else reject(new Error(message.message))
      })
    })
    worker.on('error', (error) => logWarning(`The stuck line broke: ${String(error)}`))
    worker.unref()
    sendDump()
    return { address: bound, stop }
  } catch (error) {
    await stop()
    return without(address, error)
  }
}

function keysOf({ key, expected, attempts, lockoutMs }: TokenGate): StuckWorkerData['gate'] {
  return { key, expected, attempts, lockoutMs }
}

function without(address: Address, error: unknown): null {
  logWarning(`There is no stuck line at ${formatAddress(address)}: ${String(error)}`)
  return null
}

function stateNow(): string {
  const { id, name } = getCurrent()
  return JSON.stringify({ holder: `greenlet ${id} "${name}"`, dump: dumpNow() })
}

function dumpNow(): string {
  const { greenlets } = dump()
  const text = formatDump({ greenlets: greenlets.slice(0, MOST_GREENLETS), registered: [] })
  const more = greenlets.length - MOST_GREENLETS
  return more > 0 ? `${text}\n… and ${more} more` : text
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Another has taken it away.
  }
}
