// The ways to take bytes from a socket other than `recv`.
import { GreenhouseError } from '@greenhouse/scheduler'
import { NOT_YET, READ_AHEAD, type Inbox, type Taker } from './socket-inbox.ts'

/** Takes an exact number of bytes. */
export class ExactTaker implements Taker {
  readonly count: number

  constructor(count: number) {
    this.count = count
  }

  get kind(): string {
    return 'Socket.recvExactly'
  }

  take(inbox: Inbox): unknown {
    return inbox.size >= this.count ? inbox.takeExactly(this.count) : NOT_YET
  }

  takeLast(inbox: Inbox): never {
    throw new GreenhouseError(
      'GH_EOF',
      `The stream ended after ${inbox.size} of ${this.count} bytes`,
    )
  }
}

/** Fills memory of the caller, as far as there are bytes. */
export class IntoTaker implements Taker {
  readonly target: Uint8Array

  constructor(target: Uint8Array) {
    this.target = target
  }

  get kind(): string {
    return 'Socket.recvInto'
  }

  take(inbox: Inbox): unknown {
    return inbox.size > 0 ? inbox.takeInto(this.target) : NOT_YET
  }

  takeLast(): number {
    return 0
  }

  takeComing(bytes: Uint8Array, length: number): unknown {
    const { target } = this
    if (length > target.length) return NOT_YET
    target.set(length === bytes.length ? bytes : bytes.subarray(0, length))
    return length
  }

  bytesOf(count: unknown): Uint8Array {
    // A copy: the memory is the caller's again.
    return Buffer.from(this.target.subarray(0, count as number))
  }
}

/** Takes what is there, in the form of iteration. */
export const NextTaker: Taker = {
  kind: 'Socket.next',
  take(inbox: Inbox): unknown {
    return inbox.size > 0 ? { done: false, value: inbox.takeSome(READ_AHEAD) } : NOT_YET
  },
  takeLast(): IteratorResult<Buffer, undefined> {
    return { done: true, value: undefined }
  },
  bytesOf(result: unknown): Uint8Array {
    return (result as IteratorResult<Buffer, undefined>).value ?? NOTHING
  },
}

const NOTHING = new Uint8Array(0)
