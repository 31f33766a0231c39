// npx tsx examples/backdoor/main.ts [ADDRESS]
// Then, in another terminal: greenhouse backdoor ADDRESS, and in it `jobs.done.length`, `.greenlets`, `.locks`, `.help`.
import { randomBytes } from 'node:crypto'
import { gracefulStop, schedule } from 'greenhouse'
import { runBackdoor } from '@greenhouse/backdoor'
import { JobServer } from './job-server.ts'

const jobs = new JobServer()
const token = process.env['GREENHOUSE_TOKEN'] ?? randomBytes(24).toString('base64url')
const working = jobs.start(10)
const door = schedule(() =>
  runBackdoor(process.argv[2] ?? '127.0.0.1:7777', {
    namespace: { jobs },
    auth: { token },
    onListening: ({ address }) =>
      console.log(`GREENHOUSE_TOKEN=${token} greenhouse backdoor ${address}; stop me with Ctrl-C`),
  }),
)
await gracefulStop([working, door])
