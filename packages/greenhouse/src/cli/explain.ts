// `greenhouse explain app.js`: runs a program green, and says at its end what was compiled, what suspended and what blocked.
import { EventEmitter } from 'node:events'
import { emulationReport } from '@greenhouse/emulation'
import type { Command } from 'commander'
import { explained } from './explained.ts'
import type { PrepareOptions } from './prepare.ts'
import { programCommand, run } from './run.ts'

/** The subcommand `explain`. */
export function explainCommand(): Command {
  return programCommand('explain')
    .description('Run a program green, and say where it suspended and where it really blocked')
    .option('--json', 'say it as JSON')
    .action(
      (script: string, args: string[], options: PrepareOptions & { readonly json?: boolean }) => {
        afterExit(() => {
          const report = emulationReport()
          process.stderr.write(
            options.json === true ? `${JSON.stringify(report, null, 2)}\n` : explained(report),
          )
        })
        run(script, args, options)
      },
    )
}

/** Runs something behind the last listener of `exit`: those of the program are part of what is told. */
function afterExit(run: () => void): void {
  const emit = (...args: [string, ...unknown[]]): boolean => {
    try {
      // Asked for now: emulation has put another in its place.
      return EventEmitter.prototype.emit.apply(process, args)
    } finally {
      if (args[0] === 'exit') run()
    }
  }
  process.emit = emit as typeof process.emit
}
