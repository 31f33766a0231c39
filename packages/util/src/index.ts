// The public names of @greenhouse/util.

// Flags and locks
export { Event } from './event.ts'
export { Lock } from './lock.ts'
export { RLock } from './rlock.ts'
export { Condition } from './condition.ts'
export { Semaphore } from './semaphore.ts'
export { BoundedSemaphore } from './bounded-semaphore.ts'
export { Counter } from './counter.ts'
export { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts'
export { Barrier } from './barrier.ts'
export type { Held } from './core/grant.ts'
export type { NameOptions } from './core/named.ts'

// Queues
export { Queue, type QueueStatistics } from './queue.ts'
export { LifoQueue } from './lifo-queue.ts'
export { PriorityQueue, type PriorityQueueOptions } from './priority-queue.ts'
export { Channel } from './channel.ts'
export type { Chosen, FittingCases, SelectCase, Selected } from './select.ts'
export type { Exchange, ExchangeStatistics } from './exchange.ts'

// Greenlets in the manner of threads
export { Thread, type ThreadOptions } from './thread.ts'
export { Timer } from './timer.ts'
export { Local, type LocalConstructor, type LocalOptions } from './local.ts'
