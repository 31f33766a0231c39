// What an interpreter takes for its input stream: pieces reach it at once, one at a time.
import { EventEmitter } from 'node:events'

export class Keyboard extends EventEmitter {
  /** The same, as what Node's readline asks for; it uses no more of it than there is. */
  get stream(): NodeJS.ReadableStream {
    return this as unknown as NodeJS.ReadableStream
  }

  type(piece: string): void {
    this.emit('data', Buffer.from(piece))
  }

  resume(): this {
    return this
  }

  pause(): this {
    return this
  }
}
