// What a datagram socket is made with.
import {
  checkCount,
  checkDelay,
  checkOptions,
  inspectable,
  wrongType,
  wrongValue,
  type Inspectable,
} from '@greenhouse/scheduler/kernel'
import type { DropPolicy } from './datagram-inbox.ts'
import type { PortOptions } from './datagram-port.ts'
import { getDefaultTimeout } from './socket-options.ts'

/** What a datagram socket is made with. */
export interface DatagramOptions {
  /** 4 by default. An IPv6 socket that is not `ipv6Only` speaks to both. */
  readonly family?: 4 | 6 | undefined
  /** Whether another socket may be bound to the same port, as listeners to one multicast group are; false by default. */
  readonly reuseAddress?: boolean | undefined
  /** Whether an IPv6 socket stays away from IPv4; false by default. */
  readonly ipv6Only?: boolean | undefined
  /** How many datagrams wait to be read at most, at least 1; 1024 by default. */
  readonly maxQueued?: number | undefined
  /** How many bytes wait to be read at most, at least 1; 4 MiB by default. */
  readonly maxQueuedBytes?: number | undefined
  /** What is dropped when the queue is full: the `newest` (as systems do it), which is the default, or the `oldest`. */
  readonly drop?: DropPolicy | undefined
  /** How long a wait may take that has no `timeoutMs` of its own; as `setDefaultTimeout` says by default. */
  readonly timeoutMs?: number | undefined
  /** The size of the system's buffer for what comes; the system's choice by default. */
  readonly receiveBufferBytes?: number | undefined
  /** The size of the system's buffer for what is sent; the system's choice by default. */
  readonly sendBufferBytes?: number | undefined
  /** Shown in dumps. */
  readonly name?: string | undefined
}

interface ReadOptions extends PortOptions {
  readonly maxQueued: number
  readonly maxQueuedBytes: number
  readonly drop: DropPolicy
  readonly timeoutMs: number
  readonly name: string | undefined
}

/** Checks options, and registers a socket with a name. */
export function readOptions(
  socket: Inspectable,
  options: DatagramOptions | undefined,
): ReadOptions {
  checkOptions('options', options)
  const {
    family = 4,
    reuseAddress = false,
    ipv6Only = false,
    maxQueued = 1024,
    maxQueuedBytes = 4 * 1024 * 1024,
    drop = 'newest',
    timeoutMs = getDefaultTimeout(),
    receiveBufferBytes,
    sendBufferBytes,
    name,
  } = options ?? {}
  if (family !== 4 && family !== 6) wrongValue('options.family', '4 or 6', family)
  if (drop !== 'newest' && drop !== 'oldest')
    wrongValue('options.drop', '"newest" or "oldest"', drop)
  checkCount('options.maxQueued', maxQueued, 1)
  checkCount('options.maxQueuedBytes', maxQueuedBytes, 1)
  checkDelay('options.timeoutMs', timeoutMs)
  if (receiveBufferBytes !== undefined)
    checkCount('options.receiveBufferBytes', receiveBufferBytes, 1)
  if (sendBufferBytes !== undefined) checkCount('options.sendBufferBytes', sendBufferBytes, 1)
  if (name !== undefined) {
    if (typeof name !== 'string') wrongType('options.name', 'a string', name)
    inspectable('DatagramSocket', socket)
  }
  return {
    family,
    reuseAddress,
    ipv6Only,
    maxQueued,
    maxQueuedBytes,
    drop,
    timeoutMs,
    receiveBufferBytes,
    sendBufferBytes,
    name,
  }
}
