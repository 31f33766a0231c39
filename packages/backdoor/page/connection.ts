// The line to the process: server-sent events, taken up again when it breaks, and given up while nobody can see the page.
import type { Frame, Hello, Model } from './model.ts'

export type Line = 'connecting' | 'live' | 'paused' | 'lost'

const RETRY_MS = 2000
const HIDDEN_MS = 30_000

/** Feeds a model. */
export class Connection {
  line: Line = 'connecting'
  /** How many milliseconds lie between the last two frames. */
  periodMs = 0
  private readonly model: Model
  private readonly changed: () => void
  private source: EventSource | null = null
  private lastMs = 0
  private timer = 0

  constructor(model: Model, changed: () => void) {
    this.model = model
    this.changed = changed
    document.addEventListener('visibilitychange', () => this.visibility())
  }

  open(): void {
    this.close('connecting')
    const source = new EventSource('/events')
    this.source = source
    source.addEventListener('hello', ({ data }) => this.model.greet(JSON.parse(data) as Hello))
    source.addEventListener('frame', ({ data }) => {
      this.model.take(JSON.parse(data) as Frame)
      const nowMs = performance.now()
      this.periodMs = this.line === 'live' ? nowMs - this.lastMs : 0
      this.lastMs = nowMs
      this.line = 'live'
      this.changed()
    })
    source.addEventListener('error', () => void this.broken())
    this.changed()
  }

  pause(): void {
    this.close('paused')
  }

  private close(line: Line): void {
    this.source?.close()
    this.source = null
    clearTimeout(this.timer)
    this.line = line
    this.changed()
  }

  private async broken(): Promise<void> {
    this.close('lost')
    const status = await fetch('/api/greenlet/0').then(
      (answer) => answer.status,
      () => 0,
    )
    // The session is over: the page becomes the login.
    if (status === 401) location.reload()
    else if (this.line === 'lost') this.timer = setTimeout(() => this.open(), RETRY_MS)
  }

  private visibility(): void {
    clearTimeout(this.timer)
    if (document.hidden) {
      this.timer = setTimeout(() => {
        if (this.line !== 'paused') this.close('lost')
      }, HIDDEN_MS)
    } else if (this.line === 'lost') this.open()
  }
}
