// The stages of the tutorial, in the order in which to read them.
import type { Get, Grab, Row } from '../grab.ts'
import { grabWithSchedule } from './1-schedule.ts'
import { grabWithQueues } from './2-queue.ts'
import { grabWithPool } from './3-pool.ts'
import { grabWithOrderedPool } from './4-ordered-pool.ts'
import { grabWithMap } from './5-map.ts'
import { getBySocket } from './6-socket.ts'

export interface Stage {
  readonly name: string
  /** Whether the rows come in the order of the URLs. */
  readonly ordered: boolean
  /** How it gets one URL; by fetch when it does not say. */
  readonly get?: Get
  readonly run: (urls: readonly string[], grab: Grab, concurrency: number) => Promise<Row[]>
}

export const stages: readonly Stage[] = [
  { name: '1 schedule + Event', ordered: false, run: grabWithSchedule },
  { name: '2 Queue', ordered: false, run: grabWithQueues },
  { name: '3 Pool', ordered: false, run: grabWithPool },
  { name: '4 OrderedPool', ordered: true, run: grabWithOrderedPool },
  { name: '5 map', ordered: true, run: grabWithMap },
  { name: '6 Socket', ordered: true, get: getBySocket, run: grabWithMap },
]
