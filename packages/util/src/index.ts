// The public names of @greenhouse/util.

// Flags and locks
export { Event } from './event.ts'
export { Lock } from './lock.ts'
export { Semaphore } from './semaphore.ts'
export { BoundedSemaphore } from './bounded-semaphore.ts'
export type { Held } from './core/grant.ts'
export type { NameOptions } from './core/named.ts'

// Queues
export { Queue, type QueueStatistics } from './queue.ts'
export { LifoQueue } from './lifo-queue.ts'
export { PriorityQueue, type PriorityQueueOptions } from './priority-queue.ts'
export type { Exchange, ExchangeStatistics } from './exchange.ts'

export { VERSION } from './version.ts'
