// A Node stream as a pair of web streams. Node's own `Duplex.toWeb` closes each half only when the other has ended as well
// (Node 20 and 22), which a half-closed connection never does.
import type { Duplex } from 'node:stream'
import { ReadableStream, WritableStream } from 'node:stream/web'
import { GreenhouseError } from '@greenhouse/scheduler'

const READ_AHEAD = 65_536

/** Hands a stream out as web streams. It is destroyed when either is cancelled or aborted. */
export function webStreams(duplex: Duplex): {
  readable: ReadableStream<Uint8Array>
  writable: WritableStream<Uint8Array>
} {
  let failure: Error | null = null
  duplex.on('error', (error) => {
    failure = error
  })
  return { readable: readableOf(duplex), writable: writableOf(duplex) }

  function whyClosed(): Error {
    return failure ?? new GreenhouseError('GH_CLOSED', 'The stream is closed')
  }

  function readableOf(source: Duplex): ReadableStream<Uint8Array> {
    let over = false
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          source.pause()
          source.on('data', (chunk: Buffer) => {
            if (over) return
            controller.enqueue(chunk)
            if ((controller.desiredSize ?? 0) <= 0) source.pause()
          })
          source.pause()
          source.once('end', () => {
            if (!over) controller.close()
            over = true
          })
          source.once('close', () => {
            if (!over) controller.error(whyClosed())
            over = true
          })
        },
        pull() {
          source.resume()
        },
        cancel() {
          over = true
          source.destroy()
        },
      },
      { highWaterMark: READ_AHEAD, size: (chunk) => chunk?.byteLength ?? 0 },
    )
  }

  function writableOf(sink: Duplex): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      start(controller) {
        sink.once('close', () => controller.error(whyClosed()))
      },
      write: (chunk) => settled((done) => sink.write(chunk, done)),
      close: () => settled((done) => sink.end(done)),
      abort() {
        sink.destroy()
      },
    })
  }
}

function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === undefined || error === null ? resolve() : reject(error)))
  })
}
