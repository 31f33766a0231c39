// What a dashboard costs a program of 5,000 busy greenlets, with a page open and with none. Rounds alternate, so that what else
// the machine does falls on all alike, and work is counted by the second of the program's own processor time.
// `node packages/backdoor/bench/dashboard.bench.mjs [greenlets] [rounds]` after `npm run build`.
import { spawn } from 'node:child_process'
import { end, greenlet, pauseFor, schedule } from '@greenhouse/scheduler'
import { Queue } from '@greenhouse/util'
import { runDashboard } from '@greenhouse/backdoor'

const greenlets = Number(process.argv[2] ?? 5000)
const rounds = Number(process.argv[3] ?? 12)
const ROUND_MS = 1500

// The page, as far as the process can tell: it reads every frame, in a process of its own.
const PAGE = `fetch(process.argv[1]).then(async (answer) => {
  const read = { bytes: 0, frames: 0, tookMs: 0 }
  process.on('SIGTERM', () => { console.log(JSON.stringify(read)); process.exit() })
  for await (const chunk of answer.body) {
    read.bytes += chunk.length
    for (const [, tookMs] of Buffer.from(chunk).toString().matchAll(/"tookMs":([0-9.]+)/g)) {
      read.frames++
      read.tookMs += Number(tookMs)
    }
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
const read = { bytes: 0, frames: 0, tookMs: 0 }

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
  // What else the machine does only ever slows a round down: the best third tells most.
  const best = (values) => {
    const third = values.toSorted((a, b) => b - a).slice(0, Math.ceil(values.length / 3))
    return third.reduce((sum, value) => sum + value, 0) / third.length
  }
  const lost = (of, mode) => `${(100 * (1 - of(modes[mode]) / of(modes.none))).toFixed(2)} %`
  console.log(`${greenlets} greenlets, ${rounds} rounds of ${ROUND_MS} ms, Node ${process.version}`)
  console.log(`no dashboard        ${(median(modes.none) / 1e6).toFixed(3)} M items a CPU second`)
  for (const [mode, label] of [
    ['served', 'dashboard, no page '],
    ['watched', 'dashboard, a page  '],
  ]) {
    const speed = (median(modes[mode]) / 1e6).toFixed(3)
    console.log(
      `${label} ${speed} M, loses ${lost(best, mode)} in the best third of the rounds, ${lost(median, mode)} in the median`,
    )
  }
  const { frames, bytes, tookMs } = read
  const share = (100 * tookMs) / (rounds * (ROUND_MS + 1000))
  console.log(
    `${frames} frames of ${(bytes / frames / 1e3).toFixed(0)} kB, ${(tookMs / frames).toFixed(1)} ms each: ${share.toFixed(2)} % of the time`,
  )
  process.exit()
})

// A generator function: an async one would make the contexts of all greenlets, which costs much more than any dashboard.
function* serve(onUrl) {
  yield* runDashboard('127.0.0.1:0', { onListening: ({ url }) => onUrl(url) })
}

function* once(mode) {
  let url
  const serving =
    mode === 'none'
      ? null
      : schedule(greenlet(serve, { args: [(page) => (url = `${page}events`)] }))
  serving?.join().catch(() => {})
  while (serving !== null && url === undefined) yield* pauseFor(10)
  const page = mode === 'watched' ? spawn(process.execPath, ['-e', PAGE, url]) : null
  page?.stdout.on('data', (text) => {
    for (const [key, value] of Object.entries(JSON.parse(text))) read[key] += value
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
