// The adapters as patches of their own, for `patch()`: it applies them to the clients that the program depends on. A
// library that is merely there, as the dependency of a dependency, is not loaded: that alone could change the program.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import type { PatchDefinition } from '../patch/patch-set.ts'
import { patchAmqplib } from './amqplib.ts'
import { patchIoredis } from './ioredis.ts'
import { patchMysql2 } from './mysql2.ts'
import { patchNats } from './nats.ts'
import { patchPg } from './pg.ts'
import { patchRedis } from './redis.ts'
import { patchUndici } from './undici.ts'

type Load = NodeJS.Require
type Adapt = (load: Load) => () => void

const ADAPTERS: Readonly<Record<string, Adapt>> = {
  amqplib: (load) => {
    const undoPromises = patchAmqplib(load('amqplib') as object)
    const undoCallbacks = patchAmqplib(load('amqplib/callback_api') as object)
    return () => {
      undoPromises()
      undoCallbacks()
    }
  },
  ioredis: (load) => patchIoredis(load('ioredis') as object),
  mysql2: (load) => patchMysql2(load('mysql2'), load('mysql2/promise')),
  nats: (load) => patchNats(load('nats') as object),
  pg: (load) => patchPg(load('pg') as object),
  redis: (load) => patchRedis(load('redis') as object),
  undici: (load) => patchUndici(load('undici') as object),
}

/** The patches of all clients; `folders` are where the program may stand. */
export function clientPatches(folders: readonly string[] = programFolders()): PatchDefinition[] {
  return Object.entries(ADAPTERS).map(([name, adapt]) => ({
    name,
    replacements: () => [],
    subscribe: () => adapt(requireFrom(home(folders, name) ?? folders[0]!)),
    present: () => home(folders, name) !== undefined,
  }))
}

/** The folder of the main script, and that in which it was started. */
function programFolders(): string[] {
  const script = process.argv[1]
  return script === undefined ? [process.cwd()] : [dirname(script), process.cwd()]
}

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

/** The folder whose package.json names a library that is installed there. */
function home(folders: readonly string[], name: string): string | undefined {
  return folders.find((folder) => {
    const manifest = nearestManifest(resolve(folder))
    if (!KINDS.some((kind) => Object.hasOwn(manifest[kind] ?? {}, name))) return false
    try {
      requireFrom(folder).resolve(name)
      return true
    } catch {
      return false
    }
  })
}

function requireFrom(folder: string): NodeJS.Require {
  return createRequire(join(resolve(folder), 'package.json'))
}

function nearestManifest(folder: string): Record<string, object | undefined> {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, object>
  } catch {
    const above = dirname(folder)
    return above === folder ? {} : nearestManifest(above)
  }
}
