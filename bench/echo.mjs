// T7: a server that sends back what it gets. The server has the first processor for itself, the load the second.
import { join } from 'node:path'
import { compiled, missingCompiler, missingModules, pythonCommand } from './harness/native.mjs'
import { cpuNs, launch, residentBytes, withServer } from './harness/server.mjs'

const LIMIT = 'limit: raw tcp_wrap'
const IDLE = 'idle connections'
const IDLE_COUNT = 9000

const node = (name) => ({
  name,
  load: () => ({ command: process.execPath, args: ['--no-deprecation', file('server.mjs'), name] }),
})
const native = (name, source) => ({
  name,
  missing: () => missingCompiler(source),
  load: () => ({ command: compiled(source), args: [] }),
})
const python = (name) => ({
  name,
  missing: () => missingModules(name),
  load: () => ({ command: pythonCommand(), args: [file('server.py'), name] }),
})

export const suite = {
  title: 'T7 echo: connections that each have one message under way',
  cases: {
    '64 B, 50 connections': exchange(50, 64),
    '64 B, 1,000 connections': exchange(1000, 64),
    '16 KiB, 50 connections': exchange(50, 16_384),
    '16 KiB, 1,000 connections': exchange(1000, 16_384),
    [IDLE]: {
      ops: 1,
      figures: {
        rss: {
          title: `${IDLE_COUNT.toLocaleString('en')} ${IDLE}: resident memory`,
          unit: 'B each',
        },
      },
    },
  },
  contenders: [
    node('greenhouse'),
    node('greenhouse, await'),
    node('greenhouse, recvInto'),
    node(LIMIT),
    node('net callbacks'),
    node('net callbacks, back-pressure'),
    node('net async iterator'),
    python('gevent'),
    python('eventlet'),
    native('Go, one thread', 'echo/server.go'),
    native('C, epoll', 'echo/server.c'),
  ],
  measure,
  goals: {
    ...goalsOf('64 B, 50 connections', {
      callbacks: 1.05,
      iterator: 1.1,
      gevent: '>= 1.35x',
      go: '<= 1.33x',
      limit: 1.2,
      c: '<= 1.7x',
    }),
    ...goalsOf('64 B, 1,000 connections', {
      callbacks: 1.08,
      iterator: 1.16,
      gevent: '>= 1.35x',
      go: '<= 1.33x',
      limit: 1.2,
      c: '<= 1.7x',
    }),
    ...goalsOf('16 KiB, 50 connections', {
      callbacks: 1.08,
      iterator: 1.1,
      gevent: '<= 1.67x',
      p99: true,
    }),
    ...goalsOf('16 KiB, 1,000 connections', {
      callbacks: 1.12,
      iterator: 1.2,
      gevent: '>= 1.1x',
      p99: true,
    }),
    [`${IDLE}/rss`]: {
      'net callbacks': '<= 1.5x',
      'net async iterator': '<= 0.8x',
      gevent: '<= 0.5x',
      'Go, one thread': '<= 0.62x',
      [LIMIT]: '<= 6x',
    },
  },
}

function exchange(connections, bytes) {
  const title = `${bytes === 64 ? '64 B' : '16 KiB'}, ${connections.toLocaleString('en')} connections`
  return {
    connections,
    bytes,
    ops: 1000,
    figures: {
      cpu: { title: `${title}: CPU time of the server`, unit: 'ns per message' },
      wall: { title: `${title}: wall time`, unit: 'ns per message' },
      p99: { title: `${title}: 99 of 100 answers within`, unit: 'us' },
    },
  }
}

function goalsOf(name, { callbacks, iterator, gevent, go, limit, c, p99 }) {
  const cpu = { 'net callbacks': `<= ${callbacks}x`, 'net async iterator': `>= ${iterator}x` }
  if (limit !== undefined) cpu[LIMIT] = `<= ${limit}x`
  if (c !== undefined) cpu['C, epoll'] = c
  const wall = { gevent }
  if (go !== undefined) wall['Go, one thread'] = go
  const goals = { [`${name}/cpu`]: cpu, [`${name}/wall`]: wall }
  if (p99) goals[`${name}/p99`] = { 'net callbacks': '<= 1.15x' }
  return goals
}

async function measure({ command, args }, ms, { name, connections, bytes }) {
  return withServer(command, args, (server) =>
    name === IDLE ? measureIdle(server) : measureExchange(server, connections, bytes, ms),
  )
}

async function measureExchange({ port, pid }, connections, bytes, ms) {
  const { line } = startLoad(port, connections, bytes, ms)
  await line()
  const before = cpuNs(pid)
  const result = JSON.parse(await line())
  const cpu = cpuNs(pid) - before
  const { messages, seconds, p99, starved } = result
  if (starved > 0) throw new Error(`${starved} of ${connections} connections got no answer`)
  return { cpu: cpu / messages, wall: (seconds * 1e9) / messages, p99 }
}

async function measureIdle({ port, pid }) {
  // Compiled and warm before the memory is looked at.
  const warmUp = startLoad(port, 50, 64, 300)
  await warmUp.line()
  await warmUp.line()
  await settle()
  const before = residentBytes(pid)
  const { child, line } = startLoad(port, IDLE_COUNT, 'idle', 0)
  await line()
  await settle()
  const rss = (residentBytes(pid) - before) / IDLE_COUNT
  child.stdin.end()
  return { rss }
}

function startLoad(port, connections, bytes, ms) {
  const numbers = [port, connections, bytes, Math.round(ms)].map(String)
  const source = 'echo/load.c'
  if (process.platform === 'linux' && missingCompiler(source) === undefined) {
    return launch(1, compiled(source), numbers)
  }
  return launch(1, process.execPath, [file('load.mjs'), ...numbers])
}

function settle() {
  return new Promise((resolve) => setTimeout(resolve, 300))
}

function file(name) {
  return join(import.meta.dirname, 'echo', name)
}
