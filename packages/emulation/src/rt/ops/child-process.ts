// spawnSync, execFileSync, execSync: one child, collected as the originals collect it.
import childProcess from 'node:child_process'
import { op, type Begin, type Op } from '../op.ts'
import { inTurn } from '../turn.ts'
import { collect } from './spawn-collect.ts'
import { readArguments, readCommandLine, type Asked } from './spawn-options.ts'
import { errorOf, type SpawnResult } from './spawn-result.ts'
import { apply, enter, type Original, type Table } from './table.ts'

/** Enters the primitives of child_process. */
export function childProcessPrimitives(table: Table): void {
  const primitive = (name: string, begin: (original: Original, args: readonly unknown[]) => Op) =>
    enter(table, 'child_process', childProcess, name, (original) => (_self, args) => {
      return begin(original, args)
    })
  primitive('spawnSync', (original, args) =>
    run(
      'child_process.spawnSync',
      (done) => collect(readArguments(args), done),
      () => apply(original, childProcess, args) as SpawnResult,
    ),
  )
  primitive('execFileSync', (original, args) => {
    const sync = () => apply(original, childProcess, args)
    return run('child_process.execFileSync', (done) => exec(readArguments(args), done), sync)
  })
  primitive('execSync', (original, args) => {
    const sync = () => apply(original, childProcess, args)
    return run('child_process.execSync', (done) => exec(readCommandLine(args), done), sync)
  })
}

/** Starting a child takes milliseconds: many are spread over the turns of the event loop. */
function run<T>(kind: string, begin: Begin<T>, sync: () => T): Op<T> {
  return op(kind, begin, sync, inTurn)
}

function exec(asked: Asked, done: (error: unknown, stdout?: unknown) => void): () => void {
  return collect(asked, (failure, result) => {
    if (result === undefined) return done(failure)
    const { stdout, stderr } = result
    if (!asked.options['stdio'] && stderr && stderr.length > 0) process.stderr.write(stderr)
    done(errorOf(result, asked.line), stdout)
  })
}
