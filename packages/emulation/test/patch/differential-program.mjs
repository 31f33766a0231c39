// A program of some hundreds of calls of Node's modules, with good and bad arguments, that prints what each gave and in
// which order. It is run unpatched, patched (`patch`) or on views (`view`), and that inside a greenlet (`patch-inside`,
// `view-inside`), and must print the same.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

const [, , mode = ''] = process.argv
let require = createRequire(import.meta.url)
let { fetch } = globalThis
if (mode.startsWith('view')) {
  const { ensureContexts } = await import('@greenhouse/scheduler/kernel')
  const { Views } = await import('../../src/view/views.ts')
  ensureContexts()
  const native = require
  const views = new Views()
  require = (name) => views.module(name, native(name))
  fetch = views.fetch
}
const { promisify } = require('node:util')
const lines = []
const folder = mkdtempSync(join(tmpdir(), 'greenhouse-same-'))
process.chdir(folder)
const server = require('node:http').createServer((request, response) => {
  request.resume()
  if (request.url === '/') response.end('answer')
  else if (request.url === '/none') response.writeHead(204).end()
  else request.socket.destroy()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address()

const VARYING = /("|\b)(\w*[tT]imeMs|dev|ino|\w*time|date|Date|pid|fd|port|localPort)"?: [^,}\n]+/g
// From Node 26 on, a handle that is collected open is an error.
const closing = async (promise) => {
  const opened = await promise
  if (typeof opened?.close === 'function') await opened.close()
  return opened
}
const show = (value) =>
  inspect(plain(value), { depth: 3, breakLength: Infinity, sorted: true, maxArrayLength: 5 })
    .replaceAll(folder, '<folder>')
    .replace(/(mkdtemp\d+|'text)\w{6}'/, '$1<varies>')
    .replaceAll(String(port), '<port>')
    .replace(VARYING, '$2: <varies>')

function plain(value) {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Error) {
    const { name, message, code, errno, syscall, path, cmd, cause } = value
    return {
      error: name,
      kind: value.constructor.name,
      message,
      code,
      errno,
      syscall,
      path,
      cmd,
      cause: cause && plain(cause),
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Object.prototype) return `[${value.constructor?.name}]`
  }
  return value
}

const aborted = AbortSignal.abort(new Error('mine'))
const later = () => {
  const controller = new AbortController()
  setImmediate(() => controller.abort(new Error('mine')))
  return controller.signal
}

/** Some callbacks that are no functions, or are the wrong ones, are never called. */
function orWaits(promise) {
  let timer
  const waits = new Promise((resolve) => (timer = setTimeout(resolve, 2500, 'waits')))
  return Promise.race([promise, waits]).finally(() => clearTimeout(timer))
}

/** Long after what an immediate emits, however slow the machine is. */
async function turnsLater(value) {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  return value
}

let order = 0
function call(label, fn) {
  const nth = order++
  const note = (what, value) => lines.push(`${nth} ${label} ${what} ${show(value)}`)
  try {
    const result = fn((...outcome) => note('calls back', outcome))
    if (result instanceof Promise)
      return orWaits(result).then(
        (value) => note('gives', value),
        (error) => note('rejects', error),
      )
    note('returns', result)
  } catch (error) {
    note('throws', error)
  }
}

async function main() {
  const file = join(folder, 'file')
  const fsp = require('node:fs/promises')
  const fs = require('node:fs')
  fs.writeFileSync(file, 'text')
  const ODD = [
    undefined,
    null,
    5,
    'text',
    {},
    [],
    () => {},
    Symbol.for('odd'),
    { signal: 5 },
    { signal: null },
    { signal: aborted },
    10n,
    NaN,
    -1,
    true,
  ]

  // One after another: the order of what comes out of the thread pool is anybody's.
  for (const name of Object.keys(fsp)
    .filter((key) => typeof fsp[key] === 'function')
    .sort()) {
    if (name === 'mkdtempDisposable') continue
    for (const [at, odd] of ODD.entries()) {
      if (name === 'watch' || name === 'glob') {
        await call(`fsp.${name} #${at}`, () => {
          const iterator = fsp[name](odd, odd)
          return at === 3
            ? undefined
            : Promise.race([
                iterator.next(),
                new Promise((resolve) => setTimeout(resolve, 5, 'waits')),
              ])
        })
      } else if (!(typeof odd === 'number' && name.startsWith('lch'))) {
        await call(`fsp.${name} #${at}`, () => closing(fsp[name](odd)))
        await call(`fsp.${name} file #${at}`, () =>
          closing(fsp[name](join(folder, `${name}${at}`), odd)),
        )
      }
    }
  }
  for (const options of [
    undefined,
    null,
    'utf8',
    {},
    { encoding: 'hex' },
    { encoding: 'none' },
    { flag: 'r' },
    { flag: 'q' },
    { signal: aborted },
    { signal: later() },
  ]) {
    await call('readFile', () => fsp.readFile(file, options))
    await call('appendFile', () => fsp.appendFile(join(folder, 'other'), 'x', options))
    await call('writeFile', () => fsp.writeFile(join(folder, 'other'), 'x', options))
    await call(
      'fs.readFile',
      (done) =>
        new Promise((resolve) => fs.readFile(file, options, (...all) => resolve(done(...all)))),
    )
    await call('promisified', () => promisify(fs.readFile)(file, options))
  }
  for (const odd of ODD) {
    const told = (done, fn) => new Promise((resolve) => fn((...all) => resolve(done(...all))))
    if (typeof odd !== 'number')
      await call('fs.readFile bad', (done) => told(done, (cb) => fs.readFile(odd, cb)))
    await call('fs.readFile options', (done) => told(done, (cb) => fs.readFile(file, odd, cb)))
    const bad = join(folder, 'bad')
    await call('fs.writeFile bad', (done) => told(done, (cb) => fs.writeFile(bad, odd, cb)))
  }

  const timers = require('node:timers/promises')
  for (const odd of ODD) {
    if (typeof odd !== 'object') await call('setTimeout', () => timers.setTimeout(odd, 'value'))
    await call('setTimeout options', () => timers.setTimeout(1, 'value', odd))
    await call('setImmediate', () => timers.setImmediate('value', odd))
    await call('setInterval', () => timers.setInterval(1, 'value', odd)?.next?.())
    await call('wait', () => timers.scheduler.wait(1, odd))
  }
  await call('wait this', () => timers.scheduler.wait.call({}, 1))
  await call('promisified', () => promisify(setTimeout)(1, 'value'))
  // In order, all at once.
  await Promise.all([
    ...[3, 1, 2, 1].map((ms) => call(`timer ${ms}`, () => timers.setTimeout(ms * 20, ms))),
    ...[1, 2, 3].map((one) => call(`immediate ${one}`, () => timers.setImmediate(one))),
    call('cut', () => timers.setTimeout(1000, 1, { signal: later() })),
    call('tick', (done) => {
      process.nextTick(done)
    }),
    call('microtask', (done) => {
      queueMicrotask(done)
    }),
    call('callback', (done) => void setTimeout(() => done(), 1)),
  ])

  const events = require('node:events')
  const { EventEmitter } = events
  for (const odd of ODD) {
    const emitter = new EventEmitter()
    setImmediate(() => emitter.emit('it', 1))
    if (typeof odd !== 'object' || odd === null || odd.signal !== undefined) {
      await call('once options', () =>
        Promise.race([events.once(emitter, 'it', odd), turnsLater('waits')]),
      )
      await call('on options', () =>
        Promise.race([events.on(emitter, 'it', odd).next(), turnsLater('waits')]),
      )
    }
    await call('once', () =>
      odd instanceof Function ? 1 : Promise.race([events.once(odd, 'it'), turnsLater('waits')]),
    )
    await call('listeners', () => emitter.listenerCount('it'))
  }
  await call('error', () => {
    const emitter = new EventEmitter()
    setImmediate(() => emitter.emit('error', new Error('its own')))
    return events.once(emitter, 'it')
  })

  const { PassThrough, Readable } = require('node:stream')
  const streams = require('node:stream/promises')
  for (const odd of ODD) {
    await call('pipeline', () =>
      streams.pipeline(Readable.from(['x']), new PassThrough().resume(), odd),
    )
    await call('finished', () => streams.finished(Readable.from(['x']).resume(), odd))
    await call('finished bad', () => streams.finished(odd))
  }
  for (const args of [
    [],
    [[]],
    [['x'], async (all) => (await all[Symbol.asyncIterator]().next()).value],
    [
      ['x'],
      async function* (all) {
        yield* all
      },
      new PassThrough().resume(),
    ],
  ]) {
    await call('pipeline forms', () => streams.pipeline(...args))
  }

  const childProcess = require('node:child_process')
  for (const odd of ODD) {
    await call('exec', () => promisify(childProcess.exec)(odd))
    await call('execFile', () => promisify(childProcess.execFile)('echo', ['x'], odd))
    await call('spawn', () => {
      const child = childProcess.spawn('true', odd)
      return new Promise((resolve) =>
        child.on('error', resolve).on('close', (...all) => resolve(all)),
      )
    })
  }
  for (const command of [
    'echo out',
    'echo err >&2',
    'exit 3',
    'kill $$',
    'no-such-command 2>/dev/null',
  ]) {
    await call(command, () => promisify(childProcess.exec)(command))
  }
  await call('ENOENT', () => promisify(childProcess.execFile)('/no/such'))
  await call('timeout', () => promisify(childProcess.exec)('sleep 5', { timeout: 20 }))
  await call('signal', () => promisify(childProcess.exec)('sleep 5', { signal: later() }))
  await call('aborted', () => promisify(childProcess.exec)('sleep 5', { signal: aborted }))
  await call('maxBuffer', () => promisify(childProcess.exec)('echo 1234567890', { maxBuffer: 3 }))

  const dns = require('node:dns')
  const servers = dns.getServers()
  for (const odd of ODD) {
    if (odd !== 'text') await call('lookup', () => dns.promises.lookup(odd))
    await call('lookup options', () => dns.promises.lookup('127.0.0.1', odd))
    if (typeof odd !== 'string') await call('resolve4', () => dns.promises.resolve4(odd))
    await call('setServers', () => dns.setServers(odd))
    await call('promises.setServers', () => dns.promises.setServers(odd))
  }
  await call('setServers', () => dns.setServers(servers))
  await call('servers', () => dns.promises.getServers().length === servers.length)
  await call('localhost', () => dns.promises.lookup('localhost', { family: 4 }))

  const http = require('node:http')
  const ask = (make) =>
    new Promise((resolve) => {
      const seen = []
      const request = make()
      for (const event of ['socket', 'finish', 'response', 'error', 'abort', 'close', 'timeout']) {
        request.on(event, (value) => {
          seen.push(event, value instanceof Error ? value.code : typeof value)
          if (event === 'close') resolve(seen)
          if (event === 'response')
            value
              .on('end', () => seen.push('end'))
              .on('error', (error) => seen.push(error.code))
              .resume()
        })
      }
      request.end()
    })
  for (const path of ['/', '/none', '/destroyed']) {
    for (const agent of [false, undefined]) {
      await call(path, () => ask(() => http.request({ port, path, agent })))
      await call(path, () => ask(() => http.get(`http://127.0.0.1:${port}${path}`, { agent })))
    }
    await call(path, () => ask(() => http.get({ port, path, signal: aborted })))
    await call(path, () => ask(() => http.get({ port, path, signal: later() })))
    await call(path, () => ask(() => http.get({ port, path }).destroy()))
  }
  for (const odd of ODD) {
    await call('http.request', () => ask(() => http.request(odd, { port })))
    await call('http.get options', () => ask(() => http.get(`http://127.0.0.1:${port}/`, odd)))
    const url = `http://127.0.0.1:${port}/`
    await call('fetch', async () => (await fetch(odd)).status)
    await call('fetch options', async () => (await (await fetch(url, odd)).text()).length)
  }
  await call('fetch none', async () => (await fetch(`http://127.0.0.1:${port}/none`)).text())
  await call('fetch destroyed', () =>
    fetch(`http://127.0.0.1:${port}/destroyed`).catch((error) => [
      error.message,
      error.cause?.code,
    ]),
  )
  await call('fetch request', async () =>
    (await fetch(new Request(`http://127.0.0.1:${port}/`, { signal: later() }))).text(),
  )
  await call('fetch nothing', () => fetch())

  const zlib = require('node:zlib')
  const crypto = require('node:crypto')
  const { subtle } = crypto.webcrypto
  const heard = (done, fn) => new Promise((resolve) => fn((...all) => resolve(done(...all))))
  const CODECS = Object.keys(zlib).filter(
    (name) => Object.hasOwn(zlib, `${name}Sync`) && !name.startsWith('create'),
  )
  const HASHING = ['pbkdf2', 'scrypt', 'hkdf', 'randomBytes', 'randomFill', 'randomInt']
  const KEYS = ['generateKey', 'generateKeyPair', 'generatePrime', 'checkPrime', 'sign', 'verify']
  for (const odd of ODD) {
    for (const name of CODECS) {
      await call(`zlib.${name}`, (done) => orWaits(heard(done, (cb) => zlib[name](odd, cb))))
      await call(`zlib.${name} options`, (done) =>
        orWaits(heard(done, (cb) => zlib[name]('x', odd, cb))),
      )
      // A stream that is made aborted and then not used fails out of anybody's reach.
      if (odd?.signal !== aborted) await call(`zlib.${name} without`, () => zlib[name]('x', odd))
      await call(`zlib.${name} promisified`, () => promisify(zlib[name])(odd))
    }
    for (const name of [...HASHING, ...KEYS]) {
      for (const args of [[], ['a'], ['a', 'b'], ['a', 'b', 1], ['a', 'b', 1, 8]]) {
        // By chance, or slow.
        if (name === 'randomInt' && odd === 5) continue
        if (name === 'scrypt' && args.length === 3) continue
        await call(`crypto.${name} ${args.length}`, (done) =>
          orWaits(heard(done, (cb) => crypto[name](odd, ...args, cb))),
        )
        await call(`crypto.${name} last ${args.length}`, (done) =>
          orWaits(heard(done, (cb) => crypto[name](...args, odd, cb))),
        )
      }
    }
    for (const name of ['digest', 'encrypt', 'sign', 'importKey', 'exportKey', 'deriveBits']) {
      await call(`subtle.${name}`, () => subtle[name](odd, odd, odd, odd, odd))
    }
    await call('subtle.digest', () => subtle.digest('SHA-256', odd))
  }
  await call('pbkdf2', (done) => heard(done, (cb) => crypto.pbkdf2('a', 'b', 1, 8, 'sha1', cb)))
  await call('scrypt', (done) => heard(done, (cb) => crypto.scrypt('a', 'b', 8, { N: 2 }, cb)))
  await call('hkdf', (done) => heard(done, (cb) => crypto.hkdf('sha1', 'a', 'b', 'c', 8, cb)))
  await call('digest', async () => Buffer.from(await subtle.digest('SHA-1', Buffer.from('a'))))
  await call('digest this', () => subtle.digest.call({}, 'SHA-1', Buffer.from('a')))
  await call('pair', () => promisify(crypto.generateKeyPair)('ed25519'))
  await call('randomInt', (done) => heard(done, (cb) => crypto.randomInt(1, cb)))
  await call('random nothing', (done) => {
    crypto.randomFill(Buffer.alloc(0), done)
  })
  for (const bytes of ['not packed', zlib.gzipSync('packed')]) {
    await call('gunzip', (done) => heard(done, (cb) => zlib.gunzip(bytes, cb)))
    await call('unzip', () => promisify(zlib.unzip)(bytes, { maxOutputLength: 3 }))
  }

  const readline = require('node:readline')
  const asking = require('node:readline/promises')
  const typed = (module) => {
    const input = new PassThrough()
    setImmediate(() => input.write('one\ntwo\n'))
    return module.createInterface({ input, output: new PassThrough().resume() })
  }
  for (const odd of ODD) {
    const told = (done, ...args) =>
      orWaits(heard(done, (cb) => typed(readline).question(...args, cb)))
    await call('question', (done) => told(done, odd))
    await call('question options', (done) => told(done, '?', odd))
    await call('question without', () => typed(readline).question(odd, odd))
    await call('question promised', () => {
      const one = typed(readline)
      return orWaits(promisify(one.question).call(one, '?', odd))
    })
    await call('question of a promise', () => orWaits(typed(asking).question(odd, odd)))
  }
  await call('question cut', () => typed(asking).question('?', { signal: later() }))
  for (const module of [readline, asking]) {
    await call('lines', async () => {
      const lines = []
      for await (const line of typed(module)) if (lines.push(line) === 2) break
      return lines
    })
    await call('the same lines', () => {
      const one = typed(module)
      return one[Symbol.asyncIterator]() === one[Symbol.asyncIterator]()
    })
    await call('closed', () => {
      const one = typed(module)
      one.close()
      return one.question('?', () => {})
    })
  }

  // How the functions look.
  for (const [module, names] of [
    [fsp, Object.keys(fsp)],
    [timers, Object.keys(timers)],
    [events, ['once', 'on']],
    [streams, ['pipeline', 'finished']],
    [http, ['get', 'request']],
    [{ fetch }, ['fetch']],
    [dns.promises, Object.keys(dns.promises)],
    [childProcess, ['exec', 'execFile', 'spawn', 'fork']],
    [zlib, CODECS],
    [crypto, [...HASHING, ...KEYS, 'diffieHellman']],
    [Object.getPrototypeOf(subtle), Object.getOwnPropertyNames(Object.getPrototypeOf(subtle))],
    [readline.Interface.prototype, ['question']],
    [asking.Interface.prototype, ['question']],
    [Object.getPrototypeOf(readline.Interface.prototype), [Symbol.asyncIterator]],
  ]) {
    for (const name of names) {
      const fn = module[name]
      if (typeof fn !== 'function') continue
      // A class of a view inherits what it does not replace.
      let holder = module
      while (!Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder)
      const { enumerable, configurable } = Object.getOwnPropertyDescriptor(holder, name)
      lines.push(
        `${String(name)} ${enumerable} ${configurable} ${fn.name} ${fn.length} ${String(Reflect.ownKeys(fn).map(String))} ${Object.getPrototypeOf(fn).constructor.name}`,
      )
    }
  }
}

if (mode.startsWith('patch')) (await import('@greenhouse/emulation')).patch()
if (mode.endsWith('inside')) {
  await (await import('@greenhouse/scheduler')).withTimeout(Infinity, main)
} else await main()
server.close()
server.closeAllConnections()
rmSync(folder, { recursive: true, force: true })
// Odd calls may have left something open.
process.stdout.write(JSON.stringify(lines), () => process.exit(0))
