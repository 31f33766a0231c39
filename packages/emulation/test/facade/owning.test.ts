// What a copy by `patched` begins belongs to scopes, although nothing is patched for the process.
import { createSocket, type Socket } from 'node:dgram'
import dns from 'node:dns'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { end, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { emulationReport, patch, patched, unpatch } from '@greenhouse/emulation'
import { written } from '../helpers/library.ts'
import { cutInFlight } from '../patch/rows.ts'
import { errorOf } from '../patch/support.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

/** The calls of a library: E11 http and https, E12 files and timers, E13 events and streams, E14 children and names. */
const ENDLESS = {
  'E11: http.request': '({ port }) => answered(http.request({ port }).end())',
  'E11: http.get': '({ port }) => answered(http.get(`http://127.0.0.1:${port}`))',
  'E11: https.get': '({ port }) => answered(https.get({ port }))',
  'E11: fetch': '({ port }) => fetch(`http://127.0.0.1:${port}`)',
  'E12: setTimeout of timers/promises': '() => sleep(60_000)',
  'E12: timers.promises.setTimeout': '() => timers.promises.setTimeout(60_000)',
  'E12: scheduler.wait': '() => scheduler.wait(60_000)',
  'E12: setInterval of timers/promises': '() => setInterval(60_000).next()',
  'E12: promisify(setTimeout)': '() => util.promisify(setTimeout)(60_000)',
  'E13: events.once': "() => once(new EventEmitter(), 'it')",
  'E13: once of a class made of events': "() => Bus.once(new Bus(), 'it')",
  'E13: events.on': "() => events.on(new Bus(), 'it').next()",
  'E13: pipeline of stream/promises': '() => pipeline(new Pass(), new Pass())',
  'E13: stream.promises.finished': '() => stream.promises.finished(new Pass())',
  'E13: promisify(stream.pipeline)':
    '() => util.promisify(stream.pipeline)(new Pass(), new Pass())',
  'E14: promisify(exec)': "() => util.promisify(exec)('sleep 60')",
  'E14: promisify(execFile)': "() => util.promisify(children.execFile)('sleep', ['60'])",
  'E14: exec': "() => told((done) => exec('sleep 60', done))",
  'E14: execFile': "() => told((done) => children.execFile('sleep', ['60'], done))",
  'E14: spawn': "() => closed(children.spawn('sleep', ['60'], { stdio: 'ignore' }))",
  'E14: dns.promises.resolve4': "() => dns.promises.resolve4('x.test')",
  'E14: Resolver of dns/promises': "({ servers }) => resolver(servers).resolve4('x.test')",
}
const SHORT = {
  'E12: readFile of fs/promises': '({ file }) => readFile(file)',
  'E12: fs.promises.stat': '({ file }) => fs.promises.stat(file)',
  'E12: fs.readFile': '({ file }) => told((done) => fs.readFile(file, done))',
  'E12: promisify(fs.writeFile)': "() => util.promisify(fs.writeFile)('/dev/null', 'text')",
}
const CALLS = { ...ENDLESS, ...SHORT }

const LIBRARY = `
const { PassThrough: Pass } = stream
class Bus extends events {}
const answered = (request) => new Promise((resolve, reject) => {
  request.on('response', resolve).on('error', reject)
})
const closed = (child) => new Promise((resolve, reject) => {
  child.on('close', resolve).on('error', reject)
})
const told = (call) => new Promise((resolve, reject) => {
  call((error, value) => (error ? reject(error) : resolve(value)))
})
const resolver = (servers) => {
  const one = new Resolver()
  one.setServers(servers)
  return one
}
const calls = {
  ${Object.entries(CALLS)
    .map(([name, text]) => `'${name}': ${text},\n`)
    .join('')}
  read: (file) => fs.readFileSync(file, 'utf8'),
  print: (text) => children.execSync('sleep .05; echo ' + text, { encoding: 'utf8' }),
}
`

const FORMATS = {
  'a CommonJS copy': {
    'node_modules/lib/index.js': `
const http = require('http'), https = require('node:https'), fs = require('fs'), dns = require('dns')
const timers = require('timers'), events = require('events'), stream = require('node:stream')
const children = require('child_process'), util = require('util')
const { EventEmitter, once } = events, { exec } = children
const { readFile } = require('fs/promises'), { pipeline } = require('stream/promises')
const { setTimeout: sleep, setInterval, scheduler } = require('timers/promises')
const { Resolver } = require('node:dns/promises')
${LIBRARY}exports.calls = calls`,
  },
  'a copy of ES modules': {
    'node_modules/lib/package.json': '{ "type": "module", "exports": "./index.js" }',
    'node_modules/lib/index.js': `
import http from 'http'; import * as https from 'node:https'; import fs from 'fs'; import dns from 'dns'
import * as timers from 'timers'; import events, { EventEmitter, once } from 'events'
import stream from 'stream'; import * as children from 'node:child_process'; import util from 'util'
import { exec } from 'child_process'; import { Resolver } from 'dns/promises'
import { readFile } from 'fs/promises'; import { pipeline } from 'stream/promises'
import { setTimeout as sleep, setInterval, scheduler } from 'node:timers/promises'
${LIBRARY}export { calls }`,
  },
}

const before = dns.getServers()
const mute = createServer(() => {})
let names: Socket
let given: { port: number; servers: string[]; file: string }

beforeAll(async () => {
  names = createSocket('udp4').bind(0, '127.0.0.1')
  mute.listen(0, '127.0.0.1')
  await Promise.all([once(names, 'listening'), once(mute, 'listening')])
  const { port } = mute.address() as AddressInfo
  given = { port, servers: [`127.0.0.1:${names.address().port}`], file: '' }
  dns.setServers(given.servers)
})
afterAll(() => {
  dns.setServers(before)
  names.close()
  mute.close()
})

describe.each(Object.entries(FORMATS))('%s', (_, files) => {
  const load = async (): Promise<Any> => {
    const from = written({ ...files, 'file.txt': 'text' })
    given = { ...given, file: join(from, 'file.txt') }
    return (await patched<Any>('lib', { from, concurrent: true })).calls
  }

  it.each(Object.keys(CALLS))('owns %s', async (name) => {
    const lib = await load()
    const hears = name === 'E11: fetch' ? 'reason' : 'AbortError'
    await cutInFlight(() => lib[name](given), hears)
  })

  it.each(Object.keys(ENDLESS))('aborts %s at a time-out', async (name) => {
    const lib = await load()
    const error = await errorOf(withTimeout(20, async () => lib[name](given)))
    expect(error.code).toBe('GH_TIMEOUT')
    if (name !== 'E11: fetch') expect(error.cause).toMatchObject({ code: 'ABORT_ERR' })
  })

  it('suspends still where it blocks', async () => {
    const lib = await load()
    const suspended = (): number => emulationReport().suspended['child_process.execSync'] ?? 0
    const start = suspended()
    const texts = ['a', 'b', 'c']
    const printing = texts.map((text) => schedule(() => lib.print(text)).join())
    expect(await Promise.all(printing)).toEqual(texts.map((text) => `${text}\n`))
    expect(suspended()).toBe(start + 3)
    expect(await lib.read(given.file)).toBe('text')
  })

  it('owns an operation once, where the process is patched, too', async () => {
    const lib = await load()
    const all = async (): Promise<string[]> => {
      const kinds = []
      for (const name of Object.keys(ENDLESS)) kinds.push(`${name}: ${await kindsOf(lib[name])}`)
      return kinds
    }
    const start = await all()
    for (const kinds of start) expect(kinds).toMatch(/: [\w ]+(\.\w+)?$/)
    patch()
    expect(await all()).toEqual(start)
    unpatch()
    expect(await all()).toEqual(start)
  })
})

/** What a call makes belong to the greenlet that makes it. */
async function kindsOf(call: Any): Promise<string> {
  let kinds: string[] = []
  const greenlet = schedule(async () => {
    const told = errorOf(call(given))
    // The call itself is over.
    await pause()
    kinds = greenlet.blockedOn.map(({ kind }) => kind)
    await told
  })
  await pause()
  await pause()
  end(greenlet)
  await errorOf(greenlet.join())
  return kinds.sort().join()
}
