// What a `.command` is.
import type { Permission } from '../security/permissions.ts'

/** What a command may use. */
export interface CommandContext {
  /** Evaluates an expression in the session; null where nothing is evaluated. */
  readonly evaluate: ((code: string) => unknown) | null
  /** Says something before the command is over. */
  readonly print: (text: string) => void
}

/** A command of the backdoor. */
export interface Command {
  /** Without the dot. */
  readonly name: string
  /** What stands behind the name. */
  readonly usage?: string
  readonly help: string
  readonly permission: Permission
  /** Runs in a greenlet of its own, which Ctrl-C interrupts. Gives the text to show. */
  readonly run: (argument: string, context: CommandContext) => string | Promise<string>
}
