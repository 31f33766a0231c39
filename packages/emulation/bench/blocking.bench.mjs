// 1,000 greenlets that each make one blocking call in green code, against the same calls written by hand with promises: wall time,
// and how long the event loop is held. Rounds alternate;
// ten, of execSync one, warm up.
//   node packages/emulation/bench/blocking.bench.mjs [rounds] [name]                   (build first)
import { exec } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip, gzipSync } from 'node:zlib'
import { patched } from '@greenhouse/emulation'
import { schedule } from '@greenhouse/scheduler'

const rounds = Number(process.argv[2] ?? 5)
const COUNT = 1000
const folder = mkdtempSync(join(tmpdir(), 'greenhouse-bench-'))
const file = join(folder, 'file')
writeFileSync(file, 'x'.repeat(10_000))
const packed = gzipSync(Buffer.alloc(100_000, 'greenhouse '))
const cell = new Int32Array(new SharedArrayBuffer(4))

writeFileSync(
  join(folder, 'lib.js'),
  `const fs = require('fs'), zlib = require('zlib'), { execSync } = require('child_process')
   exports.readFile = (file) => fs.readFileSync(file)
   exports.stat = (file) => fs.statSync(file)
   exports.gunzip = (packed) => zlib.gunzipSync(packed)
   exports.wait = (cell) => Atomics.wait(cell, 0, 0, 100)
   exports.exec = () => execSync('sleep .1')`,
)
const lib = await patched('./lib.js', { from: folder, concurrent: true })
const [run, unpack] = [promisify(exec), promisify(gunzip)]

// Children first: what a process holds makes it slow to fork.
const cases = {
  execSync: [() => lib.exec(), () => run('sleep .1')],
  readFileSync: [() => lib.readFile(file), () => readFile(file)],
  statSync: [() => lib.stat(file), () => stat(file)],
  gunzipSync: [() => lib.gunzip(packed), () => unpack(packed)],
  'Atomics.wait': [() => lib.wait(cell), () => Atomics.waitAsync(cell, 0, 0, 100).value],
}

console.log(`Node ${process.version}, ${COUNT} calls at once, ${rounds} rounds, medians`)
for (const [name, [green, byHand]] of Object.entries(cases)) {
  if (process.argv[3] !== undefined && process.argv[3] !== name) continue
  const ways = {
    green: () => Promise.all(each(() => schedule(call, green).join())),
    'by hand': () => Promise.all(each(byHand)),
  }
  const taken = { green: [], 'by hand': [] }
  const warmUps = name === 'execSync' ? 1 : 10
  for (let round = -warmUps; round < rounds; round++) {
    for (const [way, fn] of Object.entries(ways)) {
      const one = await measure(fn)
      if (round >= 0) taken[way].push(one)
    }
  }
  const wall = (way) => median(taken[way].map(({ ms }) => ms))
  const held = (way) => median(taken[way].map(({ p99 }) => p99)).toFixed(1)
  const ratio = (wall('green') / wall('by hand')).toFixed(2)
  console.log(
    `${name.padEnd(12)} green ${wall('green').toFixed(0)} ms, by hand ${wall('by hand').toFixed(0)} ms: ${ratio}x; ` +
      `loop delay, 99 %: green ${held('green')} ms, by hand ${held('by hand')} ms`,
  )
}
rmSync(folder, { recursive: true })

function* call(green) {
  return yield* green()
}

function each(fn) {
  return Array.from({ length: COUNT }, () => fn())
}

async function measure(fn) {
  // By hand, an Atomics wait keeps nothing alive.
  const alive = setInterval(() => {}, 10_000)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  await sleep(50)
  delay.enable()
  const start = performance.now()
  await fn()
  const ms = performance.now() - start
  delay.disable()
  clearInterval(alive)
  return { ms, p99: Math.max(0, delay.percentile(99) / 1e6 - 1) }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
