// Switches in the environment, read once at the start:
//   GREENHOUSE_SITES=1              record places of spawns and waits
//   GREENHOUSE_DUMP_SIGNAL=SIGUSR2  write the dump to stderr on this signal
//   GREENHOUSE_MONITOR=100          report on stderr what holds the event loop that many milliseconds
//   GREENHOUSE_REPORT=all|off       the report at exit (read when it is made)
import { isMainThread } from 'node:worker_threads'
import { formatDump } from '../dump-text.ts'
import { monitor } from '../monitor.ts'
import { setRecording } from './sites.ts'

export function readEnvironment(env: NodeJS.ProcessEnv): void {
  if (env['GREENHOUSE_SITES'] === '1') setRecording(true)
  const signal = env['GREENHOUSE_DUMP_SIGNAL']
  if (signal !== undefined && signal !== '') {
    process.on(signal as NodeJS.Signals, () => {
      process.stderr.write(`${formatDump()}\n`)
    })
  }
  const thresholdMs = env['GREENHOUSE_MONITOR']
  if (thresholdMs !== undefined && thresholdMs !== '' && isMainThread) {
    monitor({ thresholdMs: Number(thresholdMs) }).catch(({ message }: Error) => {
      process.emitWarning(`GREENHOUSE_MONITOR=${thresholdMs} is not heeded: ${message}`)
    })
  }
}
