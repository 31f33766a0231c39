// The patches of Node's own modules.
import { eventsPatch } from './builtins/events.ts'
import { fetchPatch } from './builtins/fetch.ts'
import { timersPatch } from './builtins/timers.ts'
import type { PatchDefinition } from './patch-set.ts'

export const builtins: readonly PatchDefinition[] = [eventsPatch, fetchPatch, timersPatch]
