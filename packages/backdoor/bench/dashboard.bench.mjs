// What a dashboard costs a program of 5,000 greenlets: with a page open, and with none. The program has a set amount of work,
// and time to spare, so that the processor time that it uses more is the dashboard's, whatever else the machine does. In a
// program without time to spare, that is the share of the throughput which it loses.
// `node packages/backdoor/bench/dashboard.bench.mjs [greenlets] [rounds]` after `npm run build`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { end, greenlet, pauseFor, schedule, wait } from '@greenhouse/scheduler'
import { Queue } from '@greenhouse/util'
import { runDashboard } from '@greenhouse/backdoor'

const greenlets = Number(process.argv[2] ?? 5000)
const rounds = Number(process.argv[3] ?? 12)
const ROUND_MS = 4000

// The page, as far as the process can tell: it reads every frame, in a process of its own, until the dashboard ends.
const PAGE = `const read = { bytes: 0, frames: 0, tookMs: 0 }
fetch(process.argv[1])
  .then(async (answer) => {
    for await (const chunk of answer.body) {
      read.bytes += chunk.length
      for (const [, tookMs] of Buffer.from(chunk).toString().matchAll(/"tookMs":([0-9.]+)/g)) {
        read.frames++
        read.tookMs += Number(tookMs)
      }
    }
  })
  .catch(() => {})
  .finally(() => console.log(JSON.stringify(read)))`

// Each works for a moment every half second: between two frames, all have moved.
for (let i = 0; i < greenlets / 2; i++) {
  const queue = new Queue(4)
  schedule(function* producer() {
    yield* pauseFor((500 * i) / greenlets)
    for (let n = 0; ; n++) {
      yield* queue.put(n)
      yield* pauseFor(500)
    }
  })
  schedule(function* consumer() {
    for (;;) yield* queue.get()
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
      modes[mode].push(yield* measureOnce(mode))
    }
  }
  console.log(`${greenlets} greenlets, ${rounds} rounds of ${ROUND_MS} ms, Node ${process.version}`)
  const alone = median(modes.none)
  console.log(`no dashboard        ${alone.toFixed(2)} % of a processor`)
  for (const [mode, label] of [
    ['served', 'dashboard, no page '],
    ['watched', 'dashboard, a page  '],
  ]) {
    const more = modes[mode].map((share, i) => share - modes.none[i])
    console.log(
      `${label} ${median(modes[mode]).toFixed(2)} %, ${median(more).toFixed(2)} % more (${quarters(more)})`,
    )
  }
  const { frames, bytes, tookMs } = read
  console.log(
    `${frames} frames of ${(bytes / frames / 1e3).toFixed(0)} kB, ${(tookMs / frames).toFixed(1)} ms each`,
  )
  process.exit()
})

// A generator function: an async one would make the contexts of all greenlets, which costs much more than any dashboard.
function* serve(onUrl) {
  yield* runDashboard('127.0.0.1:0', { onListening: ({ url }) => onUrl(url) })
}

/** Per cent of a processor that the process uses. */
function* measureOnce(mode) {
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
  // A page comes with all at once, and pays for it with its first pauses.
  yield* pauseFor(3000)
  const cpu = process.cpuUsage()
  const started = performance.now()
  yield* pauseFor(ROUND_MS)
  const { user, system } = process.cpuUsage(cpu)
  const share = (user + system) / 10 / (performance.now() - started)
  if (serving !== null) end(serving)
  if (page !== null) yield* wait(once(page, 'close'))
  return share
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

function quarters(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return `half of the rounds: ${sorted[sorted.length >> 2].toFixed(2)} to ${sorted[(3 * sorted.length) >> 2].toFixed(2)} %`
}
