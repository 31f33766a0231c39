// A copy by `patched` and the process: neither changes what the other sees.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pause, withTimeout } from '@greenhouse/scheduler'
import { isPatched, patched } from '@greenhouse/emulation'
import { written } from '../helpers/library.ts'
import { errorOf } from '../patch/support.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any
const load = (files: Record<string, string>, options: object = {}): Promise<Any> =>
  patched<Any>('lib', { from: written(files), concurrent: true, ...options })
const script = (text: string): Record<string, string> => ({ 'node_modules/lib/index.js': text })
const module = (text: string, others: Record<string, string> = {}): Record<string, string> => ({
  'node_modules/lib/package.json': '{ "type": "module", "exports": "./index.js" }',
  'node_modules/lib/index.js': text,
  ...others,
})
const real = (name: string): Any => process.getBuiltinModule(name)

/** Everything that `patch` would change: objects with their descriptors. */
function globals(): unknown[] {
  const names = [
    'fs',
    'fs/promises',
    'timers',
    'timers/promises',
    'stream',
    'stream/promises',
    'dns',
  ]
  const others = ['dns/promises', 'events', 'http', 'https', 'child_process', 'util']
  const objects = [
    ...[...names, ...others].map(real),
    Object.getPrototypeOf(real('timers/promises').scheduler),
    real('dns/promises').Resolver.prototype,
    real('child_process').ChildProcess.prototype,
    real('events').prototype,
  ]
  const fetch = Object.getOwnPropertyDescriptor(globalThis, 'fetch')
  return [fetch, ...objects.map((object) => Object.getOwnPropertyDescriptors(object))]
}

const EVERYTHING = `
  const names = ['fs', 'dns', 'timers', 'stream', 'events', 'http', 'https', 'child_process', 'util']
  exports.modules = names.map((name) => require(name))
  for (const module of exports.modules) Object.keys(module).forEach((key) => module[key])
  exports.wait = () => require('timers/promises').setTimeout(60_000)
  exports.ask = (port) => fetch('http://127.0.0.1:' + port)`

describe('the process', () => {
  it('E11 to E14: has its modules as they were, beside a copy that sees others', async () => {
    const imported = await import('node:fs/promises')
    const direct = { ...imported }
    const before = globals()
    const lib = await load(script(EVERYTHING))
    expect(globals()).toEqual(before)
    const error = await errorOf(withTimeout(5, async () => lib.wait()))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: { code: 'ABORT_ERR' } })
    expect(globals()).toEqual(before)
    expect({ ...(await import('node:fs/promises')) }).toEqual(direct)
    expect(isPatched('timers/promises')).toBe(false)
    // Its own calls belong to nobody.
    const own = real('timers/promises').setTimeout(30, 'own')
    await errorOf(withTimeout(5, async () => own))
    expect(await own).toBe('own')
  })

  it('is not touched by what a library puts into Node', async () => {
    const before = globals()
    const lib = await load(
      script(`const fs = require('fs')
        const { close } = fs
        fs.close = (...args) => close(...args)
        require('http').request = () => 'mine'
        Object.defineProperty(fs, Symbol.for('queue'), { get: () => [] })
        exports.seen = () => [require('node:fs').close === fs.close, require('http').request(), fs.closeSync.name]`),
    )
    expect(await lib.seen()).toEqual([true, 'mine', 'closeSync'])
    expect(globals()).toEqual(before)
  })

  it('gives its own modules to what a copy excludes', async () => {
    const lib = await load(
      {
        ...script(`exports.same = [require('timers/promises'), require('other')]`),
        'node_modules/other/index.js': `module.exports = require('timers/promises')`,
      },
      { exclude: ['other'] },
    )
    expect(lib.same[1]).toBe(real('timers/promises'))
    expect(lib.same[0]).not.toBe(real('timers/promises'))
  })
})

describe('a copy', () => {
  it('has classes of Node as its parents', async () => {
    const lib = await load(
      script(`const EventEmitter = require('events'), { execSync } = require('child_process')
        class Bus extends EventEmitter {
          constructor() { super({ captureRejections: false }); this.made = 1 }
          say() { execSync('true'); return this.emit('it', 7) }
        }
        function Old() { EventEmitter.call(this) }
        require('util').inherits(Old, EventEmitter)
        exports.hear = () => [new Bus(), new Old()].map((bus) => {
          let heard
          bus.on('it', (value) => { heard = value })
          bus.say ? bus.say() : bus.emit('it', 7)
          return [heard, bus instanceof EventEmitter, bus instanceof EventEmitter.EventEmitter]
        })
        exports.make = () => new Bus()`),
    )
    expect(await lib.hear()).toEqual([
      [7, true, true],
      [7, true, true],
    ])
    expect(await lib.make()).toBeInstanceOf(real('events'))
  })

  it('has names of its own, and the fetch of the process behind its own', async () => {
    const { fetch } = globalThis
    onTestFinished(() => void (globalThis.fetch = fetch))
    const lib = await load({
      ...script(`exports.global = () => fetch('global')
        exports.parameter = (fetch) => fetch('parameter')
        exports.kind = typeof fetch
        exports.declared = require('./declared')
        exports.hoisted = require('./hoisted')`),
      'node_modules/lib/declared.js': `const fetch = (what) => 'declared ' + what
        module.exports = () => fetch('it')`,
      'node_modules/lib/hoisted.js': `var fetch = fetch || ((what) => 'hoisted ' + what)
        module.exports = () => fetch('it')`,
    })
    expect(await lib.parameter((what: string) => `mine ${what}`)).toBe('mine parameter')
    expect([lib.kind, await lib.declared(), await lib.hoisted()]).toEqual([
      'function',
      'declared it',
      'hoisted it',
    ])
    // A stub of the process is seen, whatever it gives.
    for (const given of [Promise.resolve({ ok: true }), Promise.resolve(), 'at once']) {
      globalThis.fetch = ((what: unknown) => [what, given][1]) as never
      expect(await lib.global()).toEqual(await given)
    }
  })

  it('of ES modules has names of its own, too', async () => {
    const { fetch } = globalThis
    onTestFinished(() => void (globalThis.fetch = fetch))
    const lib = await load(
      module(
        `import { call } from './circle.js'
        import { fetch as theirs } from './declared.js'
        export const early = call()
        export const kinds = () => [typeof fetch, theirs('it')]
        export const assign = async () => (await import('./assigned.js')).kind
        export function ask() { return fetch('asked') }`,
        {
          'node_modules/lib/circle.js': `import { ask } from './index.js'
            export const call = () => typeof ask
            export const parameter = ((fetch) => fetch)(1)`,
          'node_modules/lib/declared.js': `export function fetch(what) { return 'declared ' + what }`,
          'node_modules/lib/assigned.js': `fetch = globalThis.fetch
            export const kind = fetch === globalThis.fetch`,
        },
      ),
    )
    expect([lib.early, await lib.kinds()]).toEqual(['function', ['function', 'declared it']])
    expect(await lib.assign()).toBe(true)
    globalThis.fetch = (async (what: unknown) => what) as never
    expect(await lib.ask()).toBe('asked')
  })

  it('of ES modules imports what Node exports, by name and as a whole', async () => {
    const names = [
      'fs',
      'dns',
      'timers',
      'stream',
      'events',
      'http',
      'https',
      'child_process',
      'util',
    ]
    const lib = await load(
      module(`${names.map((name) => `import * as ${name} from '${name}'`).join('\n')}
        import whole from 'node:fs'
        import path from 'node:path'
        export const all = { ${names.join()} }
        export const same = [whole === fs.default, whole.promises === (await import('fs/promises')).default, path]
        const late = await import('node:fs')
        export const imported = [late.readFile === whole.readFile, late.stat]`),
    )
    for (const name of names) {
      const native = (await import(/* @vite-ignore */ name)) as object
      expect([name, Object.keys(lib.all[name]).sort()]).toEqual([name, Object.keys(native).sort()])
    }
    expect(lib.same).toEqual([true, true, real('path')])
    expect(lib.imported).toEqual([true, real('fs').stat])
    expect(lib.all.fs.readFile).not.toBe(real('fs').readFile)
  })

  it('keeps the lines of its sources in errors', async () => {
    const from = written(
      module(`export function fail() {
  void fetch
  throw new Error('here')
}`),
    )
    const lib = await patched<Any>('lib', { from })
    const error = await errorOf(lib.fail())
    expect(error.message).toBe('here')
    expect(error.stack).toContain(join(from, 'node_modules/lib/index.js'))
  })

  it.each([
    [
      'CommonJS',
      script(`const { setTimeout } = require('timers/promises')
        const ready = setTimeout(30, 'ready')
        exports.wait = () => ready`),
    ],
    [
      'ES modules',
      module(`import { setTimeout } from 'timers/promises'
        const ready = setTimeout(30, 'ready')
        export const wait = () => ready`),
    ],
  ])('of %s begins while it loads what no caller takes along', async (_, files) => {
    let lib: Any
    const reason = new Error('cut')
    const outcome = withTimeout(10_000, async (scope) => {
      lib = await load(files)
      scope.cancel(reason)
      await pause()
    })
    expect(await errorOf(outcome)).toBe(reason)
    expect(await lib.wait()).toBe('ready')
  })

  it('shares its views with the CommonJS modules that its ES modules import', async () => {
    const lib = await load(
      module(`import old from 'old'; import fs from 'fs'; export const same = old === fs`, {
        'node_modules/old/index.js': `module.exports = require('fs')`,
      }),
    )
    expect(lib.same).toBe(true)
    expect(createRequire(import.meta.url)('fs')).toBe(real('fs'))
  })
})
