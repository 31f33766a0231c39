// The live feed: frames over server-sent events. A greenlet looks around while somebody watches and rests while nobody does; a
// client that has not yet read its last frame gets none, and the whole state when it has, so that nothing ever queues up.
//
//   look around -> frame -> clients that have the one before: what has changed
//                        -> clients that are new, or have missed some: everything
import type { ServerResponse } from 'node:http'
import { end, greenlet, pauseFor, schedule, type Greenlet, type Steps } from '@greenhouse/scheduler'
import { now, refuse, WaitList } from '@greenhouse/scheduler/kernel'
import { FigureSeries } from './figures.ts'
import { FrameText } from './frame-text.ts'
import { Rows } from './rows.ts'
import { Stopwatch } from './stopwatch.ts'
import { Things } from './things.ts'

/** Looking around takes one part in so many of the time of the process: what it costs beside (caches, garbage) is as much again. */
const SHARE = 150
const LONGEST_PAUSE_MS = 10_000
/** A client that has not taken a frame for so long has gone, whatever its connection says. */
const STALLED_MS = 30_000

/** Somebody who watches. */
class Client {
  readonly response: ServerResponse
  /** Ended when the feed is. */
  readonly over: WaitList<void> = new WaitList<void>('dashboard.feed')
  /** The last frame that it was given; -1 before the first. */
  frame = -1
  /** Since when it has not taken a frame; null when it is ready for the next. */
  fullSinceMs: number | null = null

  constructor(response: ServerResponse) {
    this.response = response
    response.on('drain', () => (this.fullSinceMs = null))
  }

  send(event: string, json: string): void {
    if (!this.response.write(`event: ${event}\ndata: ${json}\n\n`)) this.fullSinceMs = now()
  }
}

/** Sends frames to all who watch. */
export class Feed {
  readonly intervalMs: number
  readonly maxClients: number
  private readonly things: Things = new Things()
  private readonly rows: Rows = new Rows(this.things)
  private readonly figures: FigureSeries = new FigureSeries()
  private readonly clients: Set<Client> = new Set()
  private looker: Greenlet | null = null
  private frame = 0
  private sentThings = ''
  /** What the last frame took. */
  private tookMs = 0

  constructor(intervalMs: number, maxClients: number) {
    this.intervalMs = intervalMs
    this.maxClients = maxClients
  }

  /** Whether nobody more may watch. */
  get full(): boolean {
    return this.clients.size >= this.maxClients
  }

  /** Sends frames to a client until it goes, the caller is ended, or it stops reading. */
  *serve(response: ServerResponse, hello: object): Steps<void> {
    const client = new Client(response)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    client.send('hello', JSON.stringify(hello))
    this.clients.add(client)
    try {
      if (this.looker === null) this.start()
      yield* refuse() ?? client.over.park<void>(undefined, undefined, () => {})
      response.destroy()
    } finally {
      this.clients.delete(client)
      if (this.clients.size === 0) this.stop()
    }
  }

  private start(): void {
    this.figures.start()
    this.looker = greenlet(lookAround, { args: [this], name: 'dashboard', daemon: true })
    schedule(this.looker)
  }

  private stop(): void {
    if (this.looker !== null) end(this.looker)
    this.looker = null
    this.figures.stop()
  }

  /** Makes one frame and hands it out; gives how many milliseconds it took. @internal */
  *next(): Steps<number> {
    const watch = new Stopwatch()
    watch.start()
    const changes = new FrameText()
    yield* this.rows.look(changes, watch)
    this.frame++
    const figures = this.figures.take()
    const things = this.things.report()
    const common = {
      frame: this.frame,
      nowMs: Math.round(now()),
      hidden: this.rows.hidden,
      tookMs: Number(this.tookMs.toFixed(2)),
      figures,
    }
    const head = JSON.stringify(common).slice(0, -1)
    const changedThings = things === this.sentThings ? '' : `,"things":${things}`
    this.sentThings = things
    let delta: string | null = null
    let whole: string | null = null
    for (const client of this.clients) {
      const { fullSinceMs } = client
      if (fullSinceMs !== null) {
        if (now() - fullSinceMs > STALLED_MS) client.over.wakeAll()
        continue
      }
      const upToDate = client.frame === this.frame - 1
      client.frame = this.frame
      if (upToDate) client.send('frame', (delta ??= `${head}${changedThings},${changes.json()}}`))
      else client.send('frame', (whole ??= this.wholeFrame(head, things)))
    }
    watch.stop()
    return (this.tookMs = watch.spentMs)
  }

  private wholeFrame(head: string, things: string): string {
    const text = new FrameText()
    this.rows.writeAll(text)
    const history = JSON.stringify(this.figures.kept)
    return `${head},"whole":true,"history":${history},"things":${things},${text.json()}}`
  }
}

function* lookAround(feed: Feed): Steps<void> {
  // The first figures need some time to be of.
  yield* pauseFor(Math.min(50, feed.intervalMs))
  const costs: number[] = []
  for (;;) {
    costs.push(yield* feed.next())
    // The first looks are slow because they are the first, and any can be because the machine is shared: the middle of three counts.
    const cost = costs.length < 3 ? 0 : costs.toSorted((a, b) => a - b)[1]!
    if (costs.length === 3) costs.shift()
    yield* pauseFor(Math.min(LONGEST_PAUSE_MS, Math.max(feed.intervalMs, cost * SHARE)))
  }
}
