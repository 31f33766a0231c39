// What a dashboard costs a program of 5,000 busy greenlets, with a page open and with none. Rounds alternate, so that what else
// the machine does falls on all alike, and work is counted by the second of the program's own processor time.
// `node packages/backdoor/bench/dashboard.bench.mjs [greenlets] [rounds]` after `npm run build`.
import { spawn } from 'node:child_process'
import { end, greenlet, pauseFor, schedule } from '@greenhouse/scheduler'
import { Queue } from '@greenhouse/util'
import { runDashboard } from '@greenhouse/backdoor'

const greenlets = Number(process.argv[2] ?? 5000)
const rounds = Number(process.argv[3] ?? 12)
const ROUND_MS = 4000

// The page, as far as the process can tell: it reads every frame, in a process of its own.
const PAGE = `fetch(process.argv[1]).then(async (answer) => {
  let bytes = 0, frames = 0
  process.on('SIGTERM', () => { console.log(JSON.stringify({ bytes, frames })); process.exit() })
  for await (const chunk of answer.body) {
    bytes += chunk.length
    frames += Buffer.from(chunk).toString().split('event: frame').length - 1
  }
})`

let work = 0
for (let i = 0; i < greenlets / 2; i++) {
  const queue = new Queue(4)
  schedule(function* producer() {
    for (let n = 0; ; n++) yield* queue.put(n)
  })
  schedule(function* consumer() {
    for (;;) {
      yield* queue.get()
      work++
    }
  })
}

const modes = { none: [], served: [], watched: [] }
let read = { bytes: 0, frames: 0 }

schedule(function* measure() {
  yield* pauseFor(2000)
  for (let round = 0; round < rounds; round++) {
    const order = Object.keys(modes)
    for (let i = 0; i < order.length; i++) {
      const mode = order[(i + round) % order.length]
      modes[mode].push(yield* once(mode))
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
  const shares = (mode) =>
    modes[mode].map((value, i) => (100 * (modes.none[i] - value)) / modes.none[i])
  const spread = (values) => {
    const sorted = values.toSorted((a, b) => a - b)
    return `${sorted[sorted.length >> 2].toFixed(2)} to ${sorted[(3 * sorted.length) >> 2].toFixed(2)} %`
  }
  console.log(`${greenlets} greenlets, ${rounds} rounds of ${ROUND_MS} ms, Node ${process.version}`)
  console.log(`no dashboard        ${(median(modes.none) / 1e6).toFixed(3)} M items a CPU second`)
  for (const [mode, label] of [
    ['served', 'dashboard, no page '],
    ['watched', 'dashboard, a page  '],
  ]) {
    const lost = shares(mode)
    console.log(
      `${label} ${(median(modes[mode]) / 1e6).toFixed(3)} M, loses ${median(lost).toFixed(2)} % (half of the rounds: ${spread(lost)})`,
    )
  }
  console.log(`the page was sent ${read.frames} frames, ${(read.bytes / 1e6).toFixed(1)} MB`)
  process.exit()
})

function* once(mode) {
  let url
  const serving =
    mode === 'none'
      ? null
      : schedule(
          greenlet(
            () =>
              runDashboard('127.0.0.1:0', {
                onListening: ({ port }) => (url = `http://127.0.0.1:${port}/events`),
              }),
            { daemon: true },
          ),
        )
  serving?.join().catch(() => {})
  while (serving !== null && url === undefined) yield* pauseFor(10)
  const page = mode === 'watched' ? spawn(process.execPath, ['-e', PAGE, url]) : null
  page?.stdout.on('data', (text) => {
    const { bytes, frames } = JSON.parse(text)
    read = { bytes: read.bytes + bytes, frames: read.frames + frames }
  })
  yield* pauseFor(1000)
  const before = work
  const cpu = process.cpuUsage()
  yield* pauseFor(ROUND_MS)
  const { user, system } = process.cpuUsage(cpu)
  const speed = (work - before) / ((user + system) / 1e6)
  page?.kill()
  if (serving !== null) end(serving)
  yield* pauseFor(300)
  return speed
}
