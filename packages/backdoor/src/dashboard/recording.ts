// A recording: what every greenlet does for a while, in the format of Chrome and Perfetto. It goes through a file, since it may
// be larger than what one would keep in memory, and nothing of it is left behind.
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pauseFor, trace, type Steps } from '@greenhouse/scheduler'
import { now } from '@greenhouse/scheduler/kernel'
import { settled } from './settled.ts'

/** A recording ends at so many events: about 30 MB. */
const MOST_EVENTS = 300_000
const LOOK_MS = 20

/** Records for a time, and answers with what was recorded. */
export function* record(response: ServerResponse, forMs: number): Steps<void> {
  const folder = yield* settled('dashboard.record', mkdtemp(join(tmpdir(), 'greenhouse-trace-')))
  try {
    const file = join(folder, 'trace.json')
    const recording = trace(file)
    try {
      const untilMs = now() + forMs
      while (now() < untilMs && recording.events < MOST_EVENTS) {
        yield* pauseFor(Math.min(LOOK_MS, Math.max(0, untilMs - now())))
      }
    } finally {
      yield* settled('dashboard.record', recording.stop())
    }
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-disposition': 'attachment; filename="greenhouse-trace.json"',
    })
    yield* settled('dashboard.record', sendFile(file, response))
  } finally {
    yield* settled('dashboard.record', rm(folder, { recursive: true, force: true }))
  }
}

function sendFile(file: string, response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(file)
    stream.once('error', reject)
    response.once('finish', resolve).once('close', resolve)
    response.once('close', () => stream.destroy())
    stream.pipe(response)
  })
}
