// What `patch()` costs, outside greenlets and inside: CPU time an operation, against the same program with one
// AsyncLocalStorage active, which any tracing library brings along. Interleaved rounds, each in a process of its own.
//
//   node packages/emulation/bench/patch.mjs [rounds] [program]            (build first)
import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const VARIANTS = ['bare', 'storage', 'outside', 'inside']
const [first, variant, program, where] = process.argv.slice(2)
if (first === 'child') await child()
else await main(Number(first ?? 9))

async function main(rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'greenhouse-bench-'))
  const file = join(folder, 'file')
  writeFileSync(file, 'x'.repeat(1000))
  // A thread of its own: spawnSync blocks this one.
  const server = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:http').createServer((request, response) => response.end('answer'))
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  const port = await new Promise((resolve) => server.once('message', resolve))
  const places = { readFile: file, http: `http://127.0.0.1:${port}/`, timers: '' }
  console.log(
    `Node ${process.version}, ${rounds} rounds, CPU time in µs an operation: median (least)\n`,
  )
  for (const [name, place] of Object.entries(places)) {
    if (variant !== undefined && name !== variant) continue
    const times = Object.fromEntries(VARIANTS.map((one) => [one, []]))
    for (let round = 0; round < rounds; round++) {
      for (const one of VARIANTS) times[one].push(run(one, name, place))
    }
    const median = (one) => times[one].sort((a, b) => a - b)[rounds >> 1]
    const ratio = (one) => (100 * (median(one) / median('storage') - 1)).toFixed(1).padStart(6)
    for (const one of VARIANTS) {
      const least = Math.min(...times[one]).toFixed(2)
      console.log(
        `${name.padEnd(9)} ${one.padEnd(8)} ${median(one).toFixed(2).padStart(8)} (${least})  ${ratio(one)} %`,
      )
    }
  }
  await server.terminate()
  rmSync(folder, { recursive: true, force: true })
}

function run(one, name, place) {
  const args = [fileURLToPath(import.meta.url), 'child', one, name, place]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

async function child() {
  const work = (await programs())[program]
  const run = async () => {
    await work(0.3)
    const before = process.cpuUsage()
    const count = await work(1)
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(String((user + system) / count))
  }
  if (variant === 'storage') await new AsyncLocalStorage().run({}, run)
  else if (variant === 'bare') await run()
  else {
    const { patch } = await import('@greenhouse/emulation')
    const { schedule } = await import('@greenhouse/scheduler')
    patch()
    await (variant === 'inside' ? schedule(run).join() : run())
  }
  process.exit(0)
}

async function programs() {
  const fsp = process.getBuiltinModule('fs/promises')
  const http = process.getBuiltinModule('http')
  const timers = process.getBuiltinModule('timers/promises')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const roundTrip = () =>
    new Promise((resolve, reject) => {
      http
        .get(where, { agent }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
    })
  const inEights = async (count, fn) => {
    for (let i = 0; i < count; i += 8)
      await Promise.all([fn(), fn(), fn(), fn(), fn(), fn(), fn(), fn()])
    return count
  }
  return {
    readFile: (part) => inEights(Math.round(30_000 * part), () => fsp.readFile(where)),
    http: (part) => inEights(Math.round(12_000 * part), roundTrip),
    timers: async (part) => {
      const rounds = Math.round(900 * part)
      for (let i = 0; i < rounds; i++) {
        await Promise.all(Array.from({ length: 2000 }, () => timers.setTimeout(1)))
      }
      return rounds * 2000
    },
  }
}
