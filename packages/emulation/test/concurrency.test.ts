// Programs that a wait in the wrong place would break: what they give green, called by many greenlets at once, is what they
// give natively, called one after another.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { patched } from '../src/index.ts'
import { written } from './helpers/library.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

const CALLERS = 20

/** Calls a library natively one after another, and green all at once; demands that the results are the same. */
async function equal(files: Record<string, string>): Promise<unknown[]> {
  const index = { 'node_modules/lib/index.js': files['index.js']!, ...files }
  const callers = Array.from({ length: CALLERS }, (_, i) => i)
  const nativeFolder = written(index)
  const native = createRequire(join(nativeFolder, 'x.js'))('lib') as Any
  const expected: unknown[] = []
  for (const i of callers) expected.push(await native(nativeFolder, i))
  const folder = written(index)
  const lib = await patched<Any>('lib', { from: folder })
  const results = await Promise.all(callers.map((i) => lib(folder, i)))
  expect(results).toEqual(expected)
  return results
}

describe('a library that is entered by many greenlets', () => {
  it('counts in a file as natively', async () => {
    const results = await equal({
      'n.txt': '0',
      'index.js': `const fs = require('fs')
        module.exports = (dir) => {
          const n = Number(fs.readFileSync(dir + '/n.txt', 'utf8')) + 1
          fs.writeFileSync(dir + '/n.txt', String(n))
          return n
        }`,
    })
    expect(results.at(-1)).toBe(CALLERS)
  })

  it('initialises itself once, around a wait', async () => {
    await equal({
      'config.json': '{ "a": 1 }',
      'index.js': `const fs = require('fs')
        let config, made = 0
        module.exports = (dir, i) => {
          if (!config) {
            const text = fs.readFileSync(dir + '/config.json', 'utf8')
            made++
            config = { ...JSON.parse(text), first: i }
          }
          return [config, made, config === module.exports.config || (module.exports.config = config, i === 0)]
        }`,
    })
  })

  it('hears the events of a child as natively, though its listeners block', async () => {
    await equal({
      'index.js': `const { spawn, execSync } = require('child_process')
        module.exports = (dir, i) => new Promise((resolve) => {
          const log = []
          const note = (text) => {
            log.push(text + ' begins')
            log.push(execSync('echo ' + text + ' ends', { encoding: 'utf8' }).trim())
          }
          const child = spawn('echo', [String(i)])
          child.stdout.on('data', (chunk) => note('data ' + String(chunk).trim()))
          child.on('close', () => { note('close'); resolve(log) })
        })`,
    })
  })

  it('emits its own events inside of the caller', async () => {
    await equal({
      'index.js': `const { EventEmitter } = require('events')
        const { execSync } = require('child_process')
        class Job extends EventEmitter {
          run() {
            const had = this.emit('step', 1)
            this.emit('step', 2)
            return [had, this.emit('nobody'), this.listenerCount('step')]
          }
        }
        module.exports = (dir, i) => {
          const job = new Job(), log = []
          job.on('step', (n) => log.push(execSync('echo first ' + n, { encoding: 'utf8' }).trim()))
          job.once('step', function (n) { log.push(execSync('echo once ' + n, { encoding: 'utf8' }).trim(), this === job) })
          job.on('step', (n) => { log.push('last ' + n) })
          return [job.run(), log]
        }`,
    })
  })
})
