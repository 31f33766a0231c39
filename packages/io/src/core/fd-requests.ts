// What can be asked of a descriptor besides reading and writing: one call each, in the same line.
import type { Operation } from '@greenhouse/scheduler/kernel'
import type { Request } from './buffered-line.ts'

/** Ends a call with an error or a value. */
export type Answer = (error: unknown, value?: unknown) => void

export class ActRequest implements Request {
  readonly giveBack: null = null
  readonly kind: string
  readonly line: { withdraw(operation: Operation): void }
  /** Begins the call. */
  readonly act: (answer: Answer) => void

  constructor(kind: string, line: ActRequest['line'], act: (answer: Answer) => void) {
    this.kind = kind
    this.line = line
    this.act = act
  }

  withdraw(operation: Operation): void {
    this.line.withdraw(operation)
  }
}
