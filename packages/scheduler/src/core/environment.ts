// Switches in the environment, read once at the start:
//   GREENHOUSE_SITES=1              record places of spawns and waits
//   GREENHOUSE_DUMP_SIGNAL=SIGUSR2  write the dump to stderr on this signal
//   GREENHOUSE_REPORT=all|off       the report at exit (read when it is made)
import { formatDump } from '../dump-text.ts'
import { setRecording } from './sites.ts'

export function readEnvironment(env: NodeJS.ProcessEnv): void {
  if (env['GREENHOUSE_SITES'] === '1') setRecording(true)
  const signal = env['GREENHOUSE_DUMP_SIGNAL']
  if (signal === undefined || signal === '') return
  process.on(signal as NodeJS.Signals, () => {
    process.stderr.write(`${formatDump()}\n`)
  })
}
