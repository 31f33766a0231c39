// The stacks that a program run green prints, as under plain node: the frames of its own files, their order and places.
import { describe, expect, it, vi } from 'vitest'
import { ran, written, type Way } from './helpers/command.ts'

const FILES = {
  'package.json': '{}',
  'app.cjs': `#!/usr/bin/env node
const { execSync } = require('child_process'); const lib = require('./lib.cjs')
class A { run(x) { return this.inner(x) } inner(x) { execSync('true'); return lib(() => { throw new TypeError('bad ' + x) }) } }
function main() {
  const a = new A()
  try { a.run(1) } catch (error) { console.log(error.stack) }
  setTimeout(function later() { execSync('true'); a.run(2) }, 5)
}
execSync('true'); main()
console.log(new Error('top').stack)
`,
  'lib.cjs': `const fs = require('fs')
module.exports = function lib(f) {
  fs.readFileSync(__filename)
  try { fs.readFileSync('/no/such') } catch (error) { console.log(error.stack) }
  return [1].map(f)
}
`,
  'app.mjs': `import { execSync } from 'node:child_process'; import lib from './lib.cjs'
const main = async () => {
  execSync('true')
  await deep(1)
}
async function deep(x) { await null; execSync('true'); lib(() => { throw new RangeError('deep') }) }
try { await main() } catch (error) { console.log(error.stack) }
execSync('true'); console.log(new Error('here').stack); throw new Error('end')
`,
}

/** The lines of a program's stacks that are its own, and the messages above them. */
function own(output: string, folder: string): string[] {
  return output
    .split('\n')
    .filter((line) => /^\w*Error: /.test(line) || (/^ +at /.test(line) && line.includes(folder)))
}

describe('the stacks of a program run green', { timeout: 60_000 }, () => {
  it.each(['app.cjs', 'app.mjs'])('are those under plain node (%s)', async (app) => {
    const folder = written(FILES)
    const native = await ran('node', folder, [app])
    const ways: Way[] = ['run', 'register']
    for (const way of ways) {
      const green = await ran(way, folder, [app])
      for (const output of ['stdout', 'stderr'] as const) {
        const lines = own(native[output], folder).map((line) => line.replace(/ \[as \w+\]/, ''))
        expect(own(green[output], folder)).toEqual(
          lines.map((line) => line.replace('Timeout.', '')),
        )
      }
      expect(own(green.stdout + green.stderr, folder).length).toBeGreaterThan(7)
      expect(green.stdout + green.stderr).not.toMatch(/at .*(?:emulation|scheduler)\/(?:src|dist)/)
    }
  })

  it('are handed to a handler of the program, as many as it wants', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `const { execSync } = require('child_process')
function outer() { return inner() }
function inner() {
  execSync('true')
  return new Error('x').stack
}
Error.prepareStackTrace = (error, sites) => sites.map((site) =>
  [site.getFunctionName(), site.getFileName(), site.getLineNumber(), site.getColumnNumber()].join())
console.log(JSON.stringify(outer()))
Error.stackTraceLimit = 2
console.log(JSON.stringify(outer()))
Error.prepareStackTrace = undefined
console.log(outer().split('\\n').length)
Error.stackTraceLimit = 0
console.log(outer())
Error.stackTraceLimit = 5
const usual = Error.prepareStackTrace
Error.prepareStackTrace = () => 'mine'
console.log(outer())
Error.prepareStackTrace = usual
console.log(outer().split('\\n')[1])
`,
    })
    const native = await ran('node', folder, ['app.js'])
    const green = await ran('run', folder, ['app.js'])
    const [all, two, ...rest] = green.stdout.split('\n')
    const [nativeAll, nativeTwo, ...nativeRest] = native.stdout.split('\n')
    const files = (sites: string): string[] =>
      (JSON.parse(sites) as string[]).filter((site) => site.includes(folder))
    expect(files(all!)).toEqual(files(nativeAll!))
    expect(files(two!)).toEqual(files(nativeTwo!))
    expect(rest).toEqual(nativeRest)
  })

  it('are those of the process where that is asked for', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `require('child_process').execSync('true'); console.log(new Error('x').stack)`,
    })
    vi.stubEnv('GREENHOUSE_STACKS', 'full')
    const { stdout } = await ran('run', folder, ['app.js']).finally(() => vi.unstubAllEnvs())
    expect(stdout).toMatch(/at PlainFrame\.resume /)
  })

  it('name the sources of what was built where node is told to', async () => {
    const map = {
      version: 3,
      sources: ['../source.ts'],
      names: [],
      // Lines 1 to 5 of what was built are lines 11 to 15 of the source, from the fourth column on.
      mappings: 'AAUG;AACA;AACA;AACA;AACA',
    }
    const folder = written({
      'package.json': '{}',
      'dist/app.js.map': JSON.stringify(map),
      'dist/app.js': `const { execSync } = require('child_process')
function inner() { execSync('true'); throw new Error('x') }
execSync('true')
try { inner() } catch (error) { console.log(error.stack) }
//# ${'source'}MappingURL=app.js.map
`,
    })
    const place = /source\.ts:(\d+:\d+)/g
    const places = ({ stdout }: { stdout: string }): string[] =>
      [...stdout.matchAll(place)].map(([, found]) => found!)
    const told = { nodeArgs: ['--enable-source-maps'] }
    const native = places(await ran('node', folder, ['dist/app.js'], told))
    expect(native).toEqual(['12:4', '14:4'])
    expect(places(await ran('run', folder, ['dist/app.js'], told))).toEqual(native)
  })
})
