// Unmodified libraries in their documented main use: prints what each gave. It is run unpatched, patched (`patch`) and
// patched inside scopes (`inside`), and must print the same.
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const mode = process.argv[2]
let inside = (fn) => fn()
if (mode !== undefined) {
  const { patch } = await import('@greenhouse/emulation')
  const { withTimeout } = await import('@greenhouse/scheduler')
  patch()
  if (mode === 'inside') inside = (fn) => withTimeout(30_000, fn)
}

const require = createRequire(new URL('../../../../corpus/clients/package.json', import.meta.url))
const load = async (name) => {
  const module = await import(pathToFileURL(resolved(name)).href)
  return module.default ?? module
}
/** The file that an import of the library in the corpus gets. */
function resolved(name) {
  try {
    return require.resolve(name)
  } catch {
    const folder = new URL(`../../../../corpus/clients/node_modules/${name}/`, import.meta.url)
    const { exports, main } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
    const find = (entry) =>
      typeof entry === 'string' ? entry : find(entry.node ?? entry.import ?? entry.default)
    const entry = exports === undefined ? main : find(exports['.'] ?? exports)
    return new URL(entry, folder).pathname
  }
}
const folder = mkdtempSync(join(tmpdir(), 'greenhouse-corpus-'))
const file = join(folder, 'file.txt')
writeFileSync(file, 'file text')

/** Listens on a free port; gives the URL. */
async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${server.address().port}`
}
const closed = (server) =>
  new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections?.()
  })
const ask = async (url, init) => {
  const response = await fetch(url, init)
  return [response.status, response.headers.get('content-type'), await response.text()]
}
const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }

/** A server for clients: echoes what it gets. */
async function withEcho(use) {
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => {
      if (request.url === '/missing') response.statusCode = 404
      response.setHeader('content-type', 'application/json')
      if (request.url === '/moved') response.writeHead(302, { location: '/' })
      response.end(JSON.stringify({ method: request.method, url: request.url, body }))
    })
  })
  const url = await listen(server)
  try {
    return await use(url)
  } finally {
    await closed(server)
  }
}
const status = (promise) =>
  promise.then(
    (value) => value,
    (error) => [error.name, error.code, error.response?.status ?? error.response?.statusCode],
  )

const SCENARIOS = {
  async express() {
    const express = await load('express')
    const app = express()
    app.use(express.json())
    app.get('/', (_request, response) => response.send('hello'))
    app.get('/file', (_request, response) => response.sendFile(file))
    app.get('/fails', async () => {
      throw Object.assign(new Error('failed'), { status: 418 })
    })
    app.post('/echo', (request, response) => response.json(request.body))
    app.use((error, _request, response, _next) => response.status(error.status).send(error.message))
    const { createServer } = require('node:http')
    const server = createServer(app)
    const url = await listen(server)
    const answers = [
      await ask(url),
      await ask(`${url}/file`),
      await ask(`${url}/fails`),
      await ask(`${url}/echo`, post),
    ]
    await closed(server)
    return answers
  },
  async fastify() {
    const app = (await load('fastify'))()
    app.get('/', async () => ({ hello: 'world' }))
    app.post('/echo', async (request) => request.body)
    const injected = await app.inject('/')
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const answers = [
      injected.body,
      await ask(url),
      await ask(`${url}/echo`, post),
      await ask(`${url}/none`),
    ]
    await app.close()
    return answers
  },
  async koa() {
    const Koa = await load('koa')
    const app = new Koa()
    app.use(async (context, next) => {
      await next()
      context.set('x-after', 'yes')
    })
    app.use(async (context) => {
      context.body = { path: context.path }
    })
    const server = require('node:http').createServer(app.callback())
    const url = await listen(server)
    const answer = await ask(`${url}/some`)
    await closed(server)
    return answer
  },
  async '@hapi/hapi'() {
    const Hapi = await load('@hapi/hapi')
    const server = Hapi.server({ port: 0, host: '127.0.0.1' })
    server.route({
      method: 'GET',
      path: '/{name}',
      handler: (request) => `hello ${request.params.name}`,
    })
    await server.start()
    const answers = [await ask(`${server.info.uri}/you`), (await server.inject('/me')).payload]
    await server.stop()
    return answers
  },
  async ws() {
    const { WebSocketServer, WebSocket } = require('ws')
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
    await once(server, 'listening')
    const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
    await once(socket, 'open')
    const echoes = []
    for (const text of ['one', 'two']) {
      socket.send(text)
      echoes.push(String((await once(socket, 'message'))[0]))
    }
    socket.close()
    const [code] = await once(socket, 'close')
    await new Promise((resolve) => server.close(resolve))
    return [echoes, code]
  },
  async 'socket.io'() {
    const { Server } = require('socket.io')
    const { io } = require('socket.io-client')
    const server = require('node:http').createServer()
    const app = new Server(server)
    app.on('connection', (socket) => socket.on('ask', (text, answer) => answer(`echo ${text}`)))
    const client = io(await listen(server))
    await new Promise((resolve) => client.on('connect', resolve))
    const answer = await client.timeout(5000).emitWithAck('ask', 'x')
    client.close()
    await app.close()
    return answer
  },
  axios: () =>
    withEcho(async (url) => {
      const { default: axios } = { default: require('axios') }
      return [
        (await axios.get(url)).data,
        (await axios.post(url, { a: 1 })).data,
        (await axios.get(`${url}/moved`)).data,
        await status(axios.get(`${url}/missing`)),
        await status(axios.get('http://127.0.0.1:1')),
      ]
    }),
  got: () =>
    withEcho(async (url) => {
      const got = await load('got')
      return [
        await got(url).json(),
        await got.post(url, { json: { a: 1 } }).json(),
        await got(`${url}/moved`).json(),
        await status(got(`${url}/missing`, { retry: { limit: 0 } })),
        await status(got('http://127.0.0.1:1', { retry: { limit: 0 } })),
      ]
    }),
  superagent: () =>
    withEcho(async (url) => {
      const superagent = require('superagent')
      return [
        (await superagent.get(url)).body,
        (await superagent.post(url).send({ a: 1 })).body,
        (await superagent.get(`${url}/moved`)).body,
        (await status(superagent.get(`${url}/missing`))).at(-1),
      ]
    }),
  'node-fetch': () =>
    withEcho(async (url) => {
      const get = await load('node-fetch')
      const answers = []
      for (const path of ['/', '/moved', '/missing']) {
        const response = await get(url + path)
        answers.push([response.status, await response.json()])
      }
      return [answers, await status(get('http://127.0.0.1:1'))]
    }),
  undici: () =>
    withEcho(async (url) => {
      const { Client, Pool, fetch: get, request } = require('undici')
      const read = async ({ statusCode, body }) => [statusCode, await body.json()]
      const client = new Client(url)
      const pool = new Pool(url, { connections: 2 })
      const answers = [
        await read(await request(`${url}/missing`)),
        await read(await client.request({ path: '/', method: 'POST', body: 'x' })),
        await Promise.all(
          [1, 2, 3].map(async (one) =>
            read(await pool.request({ path: `/${one}`, method: 'GET' })),
          ),
        ),
        await (await get(url)).json(),
      ]
      await Promise.all([client.close(), pool.close()])
      return answers
    }),
  async nodemailer() {
    const nodemailer = require('nodemailer')
    const { SMTPServer } = require('smtp-server')
    const mails = []
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onData(stream, { envelope }, done) {
        let text = ''
        stream.on('data', (piece) => (text += piece))
        stream.on('end', () => {
          mails.push([
            envelope.mailFrom.address,
            envelope.rcptTo.map(({ address }) => address),
            /Subject: (.*)\r/.exec(text)[1],
            text.includes('the text'),
          ])
          done()
        })
      },
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.server.address()
    for (const pool of [false, true]) {
      const transport = nodemailer.createTransport({
        host: '127.0.0.1',
        port,
        pool,
        ignoreTLS: true,
      })
      for (const nth of [1, 2]) {
        const sent = await transport.sendMail({
          from: 'a@x.test',
          to: 'b@x.test',
          subject: `mail ${nth}`,
          text: 'the text',
        })
        mails.push(sent.accepted)
      }
      transport.close()
    }
    await new Promise((resolve) => server.close(resolve))
    return mails
  },
  async pino() {
    const pino = require('pino')
    const to = join(folder, 'log')
    const target = pino.destination({ dest: to, sync: false })
    const log = pino({ base: null, timestamp: false }, target)
    log.info('hello')
    log.child({ a: 1 }).error(new Error('failed'), 'oh')
    target.end()
    await once(target, 'close')
    return readFileSync(to, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Object.keys(JSON.parse(line)))
  },
  async execa() {
    const { execa, $ } = await load('execa')
    const failed = await execa('sh', ['-c', 'echo out; exit 3'], { reject: false })
    return [
      (await execa('echo', ['x'])).stdout,
      (await $`echo ${'y'}`.pipe`cat`).stdout,
      failed.exitCode,
      failed.stdout,
      (await execa({ input: 'in' })`cat`).stdout,
    ]
  },
  async 'cross-spawn'() {
    const spawn = require('cross-spawn')
    const child = spawn('echo', ['x'])
    let output = ''
    child.stdout.on('data', (piece) => (output += piece))
    const [code] = await once(child, 'close')
    return [output, code, spawn.sync('echo', ['y']).stdout.toString()]
  },
  async chokidar() {
    const { watch } = await load('chokidar')
    const watched = join(folder, 'watched')
    mkdirSync(watched)
    writeFileSync(join(watched, 'a'), '1')
    const seen = []
    const watcher = watch(watched, { cwd: watched })
    watcher.on('all', (event, path) => seen.push([event, path]))
    await new Promise((resolve) => watcher.on('ready', resolve))
    writeFileSync(join(watched, 'b'), '2')
    while (!seen.some(([, path]) => path === 'b'))
      await new Promise((resolve) => setTimeout(resolve, 10))
    await watcher.close()
    return seen
  },
  async 'fs-extra'() {
    const extra = require('fs-extra')
    const to = join(folder, 'extra')
    await extra.outputJson(join(to, 'deep/a.json'), { a: 1 })
    await extra.copy(to, `${to}2`)
    await extra.move(`${to}2`, `${to}3`)
    const answers = [
      await extra.readJson(join(`${to}3`, 'deep/a.json')),
      await extra.pathExists(`${to}2`),
    ]
    await extra.remove(to)
    return [...answers, await extra.pathExists(to)]
  },
  async tar() {
    const tar = require('tar')
    const archive = join(folder, 'a.tgz')
    await tar.create({ gzip: true, file: archive, cwd: folder }, ['file.txt'])
    const entries = []
    await tar.list({ file: archive, onReadEntry: ({ path, size }) => entries.push([path, size]) })
    mkdirSync(join(folder, 'out'))
    await tar.extract({ file: archive, cwd: join(folder, 'out') })
    return [entries, readFileSync(join(folder, 'out/file.txt'), 'utf8')]
  },
  async glob() {
    const { glob } = require('glob')
    return glob('file*', { cwd: folder })
  },
  async formidable() {
    const { formidable } = await load('formidable').then((all) => ({
      formidable: all.formidable ?? all,
    }))
    const server = require('node:http').createServer(async (request, response) => {
      const [fields, files] = await formidable({ uploadDir: folder }).parse(request)
      const [upload] = files.upload
      response.end(JSON.stringify([fields, upload.originalFilename, upload.size]))
    })
    const url = await listen(server)
    const form = new FormData()
    form.set('field', 'value')
    form.set('upload', new Blob(['the upload']), 'up.txt')
    const answer = await ask(url, { method: 'POST', body: form })
    await closed(server)
    return answer
  },
  async 'p-queue'() {
    const PQueue = await load('p-queue')
    const queue = new PQueue({ concurrency: 2 })
    const { setTimeout: sleep } = require('node:timers/promises')
    const done = []
    await queue.addAll([3, 1, 2].map((one) => async () => done.push(await sleep(one * 10, one))))
    return done
  },
}

const results = {}
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const given = await Promise.resolve(inside(scenario)).catch((error) => ({
    failed: String(error?.stack ?? error),
  }))
  results[name] = JSON.parse(JSON.stringify(given).replaceAll(folder, '<folder>'))
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(JSON.stringify(results), () => process.exit(0))
