// The patches of Node's own modules.
import { childProcessPatch } from './builtins/child-process.ts'
import { cryptoPatch } from './builtins/crypto.ts'
import { dnsPatch } from './builtins/dns.ts'
import { eventsPatch } from './builtins/events.ts'
import { fetchPatch } from './builtins/fetch.ts'
import { fsPromisesPatch } from './builtins/fs-promises.ts'
import { fsPatch } from './builtins/fs.ts'
import { httpPatch, httpsPatch } from './builtins/http.ts'
import { readlinePatch, readlinePromisesPatch } from './builtins/readline.ts'
import { streamPatch } from './builtins/stream.ts'
import { timersPatch } from './builtins/timers.ts'
import { zlibPatch } from './builtins/zlib.ts'
import type { PatchDefinition } from './patch-set.ts'

export const builtins: readonly PatchDefinition[] = [
  childProcessPatch,
  cryptoPatch,
  dnsPatch,
  eventsPatch,
  fetchPatch,
  fsPatch,
  fsPromisesPatch,
  httpPatch,
  httpsPatch,
  readlinePatch,
  readlinePromisesPatch,
  streamPatch,
  timersPatch,
  zlibPatch,
]
