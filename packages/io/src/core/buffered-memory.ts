// The two ends of a pipe within the process: bytes up to a capacity wait between them.
//
//   MemoryOutput (writers) --> bytes of MemoryInput --> readers
import { GreenhouseError } from '@greenhouse/scheduler'
import type { Source } from '@greenhouse/scheduler/kernel'
import { ArrivingInput } from './buffered-input.ts'
import { DepartingOutput, type WriteRequest } from './buffered-output.ts'

export class MemoryInput extends ArrivingInput {
  readonly capacity: number
  output: MemoryOutput | null = null

  constructor(capacity: number, owner: Source['owner']) {
    super('pipe', owner, false)
    this.capacity = capacity
  }

  /** How many bytes more may come. A reader that asks for more than fits gets it: it would wait for ever. */
  get room(): number {
    if (this.readers.size > 0) return Math.max(this.capacity, this.capacity - this.bytes.size)
    return this.capacity - this.bytes.size
  }

  override start(): void {
    this.output?.proceed()
  }

  override stop(): void {}

  override drained(): void {
    this.output?.proceed()
  }

  override shut(): void {
    super.shut()
    this.output?.failed(new GreenhouseError('GH_CLOSED', 'The read end of the pipe is closed'))
  }
}

export class MemoryOutput extends DepartingOutput {
  readonly input: MemoryInput
  /** @internal */
  sending = false

  constructor(input: MemoryInput, owner: Source['owner']) {
    super('pipe', owner, false)
    this.input = input
    input.output = this
  }

  send(request: WriteRequest): boolean {
    this.sending = true
    try {
      for (;;) {
        const piece = request.piece(Math.max(0, this.input.room))
        if (piece === null) return true
        if (piece.length === 0) return false
        request.wrote(piece.length)
        this.input.arrived(request.foreign ? Buffer.from(piece) : piece)
      }
    } finally {
      this.sending = false
    }
  }

  override proceed(): void {
    // A reader that takes what is being sent makes room for the same sender: its loop goes on by itself.
    if (!this.sending) super.proceed()
  }

  room(): boolean {
    return this.input.room > 0
  }

  override shut(): void {
    if (this.closed) return
    super.shut()
    this.input.finished()
  }
}
