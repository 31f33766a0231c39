// `greenhouse explain`: why calls of a program really blocked, as only a whole program can.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { EmulationReport } from '@greenhouse/emulation'
import { ran, written } from './helpers/command.ts'

const FILES = {
  'package.json': '{}',
  'app.js': `const { execFileSync } = require('child_process')
const { Transform } = require('stream')
const work = (name) => execFileSync('true', [name])
work('suspended')
require('./lib')
class Lazy {
  field = execFileSync('true', ['field'])
  get value() {
    return execFileSync('true', ['getter'])
  }
}
new Lazy().value
async function* steps() {
  yield execFileSync('true', ['async generator'])
}
steps().next()
require('foreign').call(() => work('callback'))
require('foreign').own()
const stream = new Transform({ transform(chunk, _, done) { work('transform'); done() } })
stream.write('x')
const emitter = new EventTarget()
emitter.addEventListener('x', () => work('event target'))
emitter.dispatchEvent(new Event('x'))
new Function('f', 'eval(""); f("x")')(work)
process.on('exit', () => work('exit'))
`,
  'lib.js': `
require('fs').readdirSync(__dirname)
`,
  'node_modules/foreign/package.json': '{}',
  'node_modules/foreign/index.js': `const { execFileSync } = require('child_process')
exports.call = (f) => f()
exports.own = () => execFileSync('true')
`,
}

it('says why each call blocked, and where', { timeout: 60_000 }, async () => {
  const folder = written(FILES)
  // The packages come first: they take all words up to the next option.
  const args = ['--exclude', 'foreign', '--json', 'app.js']
  const { stderr } = await ran('explain', folder, args)
  const { blocked } = JSON.parse(stderr) as EmulationReport
  const foreign = join(folder, 'node_modules/foreign/index.js')
  const places = blocked.map(({ category, reason, site }) => [
    category,
    reason,
    site.replace(folder, '').replace(/^\//, ''),
  ])
  expect(places).toEqual([
    ['constructor', 'a field of a class', 'app.js:7:11'],
    ['accessor', 'value: getter or setter', 'app.js:9:12'],
    ['not compiled', `${foreign} is not compiled: excluded`, 'app.js:3:24'],
    ['not compiled', `${foreign} is not compiled: excluded`, 'node_modules/foreign/index.js:3:21'],
    ['callback of Node', expect.stringContaining('streams/transform'), 'app.js:3:24'],
    ['callback of Node', expect.stringContaining('event_target'), 'app.js:3:24'],
    ['function', 'code that is made of text', 'app.js:3:24'],
    ['listener', "a listener of 'exit'", 'app.js:3:24'],
  ])
})

it('counts nothing that greenhouse itself reads and writes', { timeout: 60_000 }, async () => {
  const folder = written({
    'package.json': '{}',
    'app.js': "require('fs').readFileSync(__filename)",
  })
  const env = { GREENHOUSE_CACHE: join(folder, 'cache') }
  const { stderr } = await ran('explain', folder, ['--json', 'app.js'], { env })
  const { blocked } = JSON.parse(stderr) as EmulationReport
  expect(blocked).toEqual([])
  expect(readdirSync(env.GREENHOUSE_CACHE)).not.toEqual([])
})
