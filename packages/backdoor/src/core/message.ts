// What is said of an error that a command met.
import { printable } from '../commands/table.ts'

/** Its message, in a line. */
export function messageOf(error: unknown): string {
  return printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
}
