// All commands, and those that somebody may use.
import type { Permission } from '../security/permissions.ts'
import type { Command } from './command.ts'
import { figureCommands } from './figures.ts'
import { greenletCommands } from './greenlets.ts'
import { recordingCommands } from './recording.ts'

const ALL: readonly Command[] = [...greenletCommands, ...figureCommands, ...recordingCommands]

/** The commands that some permissions open. */
export function commandsFor(permissions: ReadonlySet<Permission>): readonly Command[] {
  return ALL.filter(({ permission }) => permissions.has(permission))
}
