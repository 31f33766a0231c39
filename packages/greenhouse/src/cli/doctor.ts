// `greenhouse doctor app.js`: what of a program the patches would not reach, without running it.
import { diagnose, formatDiagnosis } from '@greenhouse/emulation'
import { Command } from 'commander'

interface DoctorOptions {
  readonly patchedFirst?: boolean
  readonly json?: boolean
}

/** The subcommand `doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what of a program patch() would not reach, with file and line')
    .argument('<script>', 'the program')
    .option('--patched-first', 'patch() comes before all else: nothing keeps what was there before')
    .option('--json', 'say it as JSON')
    .action((script: string, { patchedFirst, json }: DoctorOptions) => {
      const diagnosis = diagnose(script, { patchedFirst })
      const text = json === true ? JSON.stringify(diagnosis, null, 2) : formatDiagnosis(diagnosis)
      process.stdout.write(`${text}\n`)
    })
}
