// A program that works through jobs, and can be looked into while it does.
import { Lock, OneWayPool, pauseFor, schedule, type Greenlet } from 'greenhouse'

/** A pool of jobs that all want one lock at their end. */
export class JobServer {
  readonly ledger: Lock = new Lock({ name: 'ledger' })
  readonly pool: OneWayPool<[number]> = new OneWayPool((job: number) => this.work(job), {
    concurrency: 4,
    maxQueued: 100,
    name: 'jobs',
  })
  /** The jobs that are done. */
  readonly done: number[] = []

  /** Puts in a job every `ms` milliseconds, until its greenlet is ended. */
  start(ms: number): Greenlet<void> {
    return schedule(async () => {
      await this.pool.use(async () => {
        for (let job = 0; ; job++) {
          await this.pool.put(job)
          await pauseFor(ms)
        }
      })
    })
  }

  async work(job: number): Promise<void> {
    await pauseFor(20)
    await this.ledger.run(async () => {
      await pauseFor(5)
      this.done.push(job)
    })
  }
}
