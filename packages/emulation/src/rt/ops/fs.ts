// Every `xSync` of fs. What can make one wait for another process (FIFO, socket, terminal) never sits in libuv's pool.
import fs from 'node:fs'
import { op, type Primitive } from '../op.ts'
import { withCallback } from './callback.ts'
import { existsOp, orAsk, statOp } from './fs-stat.ts'
import { closeOp, openOp, readFileOp, readOp, readvOp, writeFileOp, writeOp } from './fs-fd.ts'
import { always, apply, enter, never, trimmed, type Original, type Table } from './table.ts'

/** Those that look at an inode or a name, and move no data. */
const CHEAP = new Set(
  'access close exists fchmod fstat lstat mkdir readlink realpath stat chmod link rename symlink unlink'
    .split(' ')
    .map((name) => `${name}Sync`),
)

type Special = (original: Original) => Primitive

const SPECIAL: Readonly<Record<string, Special>> = {
  existsSync: existsOp,
  statSync: statOp,
  lstatSync: statOp,
  statfsSync: statOp,
  fstatSync: statOp,
  readFileSync: readFileOp,
  writeFileSync: writeFileOp,
  appendFileSync: writeFileOp,
  openSync: openOp,
  closeSync: closeOp,
  readSync: readOp,
  readvSync: readvOp,
  writeSync: writeOp,
  writevSync: writeOp,
  cpSync: otherWords,
  opendirSync: otherWords,
  rmSync: otherWords,
}

/** Enters the primitives of fs. */
export function fsPrimitives(table: Table): void {
  const module = fs as unknown as Record<string, unknown>
  for (const name of Object.keys(fs)) {
    if (!name.endsWith('Sync')) continue
    const sister = module[name.slice(0, -4)]
    if (typeof sister !== 'function') continue
    const make = SPECIAL[name] ?? plain
    enter(table, 'fs', fs, name, make, {
      cheap: CHEAP.has(name) ? always : never,
      sure: name === 'existsSync' ? always : never,
    })
  }
  const { realpathSync, realpath } = fs
  enter(
    table,
    'fs.realpathSync',
    realpathSync,
    'native',
    (original) => withCallback('fs.realpathSync.native', original, realpath.native),
    { cheap: always },
  )
  directory(table, 'read')
  directory(table, 'close')
}

function plain(original: Original): Primitive {
  const name = original.name
  const sister = (fs as unknown as Record<string, unknown>)[name.slice(0, -4)]
  return withCallback(`fs.${name}`, original, sister)
}

/** The two forms fail in different words. */
function otherWords(original: Original): Primitive {
  const { name } = original
  const sister = (fs as unknown as Record<string, unknown>)[name.slice(0, -4)]
  return (self, args) => {
    const sync = () => apply(original, self, args)
    const begin = (done: (error: unknown, value?: unknown) => void): void => {
      apply(sister, self, [...trimmed(args), orAsk(sync, done)])
    }
    return op(`fs.${name}`, begin, sync)
  }
}

function directory(table: Table, name: 'read' | 'close'): void {
  const sister: unknown = Reflect.get(fs.Dir.prototype, name)
  const kind = `fs.Dir.${name}Sync`
  enter(table, 'fs.Dir', fs.Dir.prototype, `${name}Sync`, (original) => (self, args) => {
    const begin = (done: (error: unknown, value?: unknown) => void): void => {
      apply(sister, self, [...trimmed(args), done])
    }
    return op(kind, begin, () => apply(original, self, args))
  })
}
