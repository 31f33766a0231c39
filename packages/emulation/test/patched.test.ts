import { createRequire } from 'node:module'
import { join } from 'node:path'
import { types } from 'node:util'
import { end, getCurrent, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { describe, expect, it, vi } from 'vitest'
import { emulationReport, green, patched } from '../src/index.ts'
import { isMarked } from '../src/load/choice.ts'
import { tagged, tagOf } from '../src/load/esm-tag.ts'
import { Graph } from '../src/load/graph.ts'
import { prepare } from '../src/prepare.ts'
import { written } from './helpers/library.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

const LIBRARY = `'use strict'
const { execSync } = require('child_process')
class Box {
  constructor(value) { this.value = value }
  sleep(s) { execSync('sleep ' + s); return this.value }
  next() { return new Box(this.value + 1) }
  get size() { return this.value }
  static make(value) { execSync('true'); return new Box(value) }
}
class Table extends Map { put(k, v) { execSync('true'); this.set(k, v); return this } }
class Failure extends Error {}
module.exports = {
  Box, Table, Failure,
  say: (text) => execSync('sleep .1; echo ' + text, { encoding: 'utf8' }).trim(),
  isBox: (box) => box.constructor === Box && box instanceof Box,
  template: () => (text) => execSync('echo ' + text, { encoding: 'utf8' }).trim(),
  things: () => [Buffer.from('x'), new Map(), new Date(0), /x/, { plain: 1 }, [1], new Failure('f')],
  exit: (code) => execSync('exit ' + code, { stdio: 'pipe' }),
  call: (fn, ...args) => fn(...args),
  nested: { deep: () => 1 },
  list: [1, 2],
}
`
const load = (files: Record<string, string>, options: object = {}): Promise<Any> =>
  patched<Any>('lib', { from: written(files), ...options })
const loadLibrary = (options: object = {}) =>
  load({ 'node_modules/lib/index.js': LIBRARY }, options)

describe('patched', () => {
  it('blocks only the greenlet that calls', async () => {
    const lib = await loadLibrary({ concurrent: true })
    const log: unknown[] = []
    const ticker = schedule(async () => {
      for (let i = 0; i < 5; i++) {
        await pauseFor(10)
        log.push(i)
      }
    })
    const callers = ['a', 'b', 'c'].map((text) =>
      schedule(function* () {
        log.push(yield* lib.say(text))
      } as () => Generator<Any, void>),
    )
    for (const caller of callers) await caller.join()
    await ticker.join()
    expect(log[0]).toBe(0)
    expect(log.filter((item) => typeof item === 'number')).toEqual([0, 1, 2, 3, 4])
    expect(log.filter((item) => typeof item === 'string').sort()).toEqual(['a', 'b', 'c'])
  })

  it('throws what the library throws', async () => {
    const lib = await loadLibrary()
    await expect(lib.exit(3)).rejects.toMatchObject({
      status: 3,
      message: 'Command failed: exit 3',
    })
  })

  it('ends a call where it waits', async () => {
    const lib = await loadLibrary()
    await expect(withTimeout(30, () => lib.say('x'))).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    const greenlet = schedule(async () => lib.say('x'))
    await pauseFor(20)
    end(greenlet)
    await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(await lib.say('free again')).toBe('free again')
  })

  it('wraps the instances of its classes, once, and nothing else', async () => {
    const lib = await loadLibrary()
    const box = new lib.Box(7)
    expect([await box.sleep(0), box.value, box.size]).toEqual([7, 7, 7])
    const next = await box.next()
    expect([next.value, next instanceof lib.Box, await lib.isBox(next)]).toEqual([8, true, true])
    expect((await lib.Box.make(1)).value).toBe(1)
    box.value = 9
    expect(await box.sleep(0)).toBe(9)
    const table = new lib.Table()
    expect(await table.put('k', 'v')).toBe(table)
    expect([await table.get('k'), table.size, table instanceof Map]).toEqual(['v', 1, true])
    const things = (await lib.things()) as unknown[]
    expect(things.map((thing) => types.isProxy(thing))).toEqual(things.map(() => false))
    expect(lib.list).toEqual([1, 2])
  })

  it('suspends in an async generator that outside code steps through', async () => {
    const lib = await load({
      'node_modules/lib/index.js': `const { execSync } = require('child_process')
        exports.words = async function* (...words) {
          for (const word of words) yield execSync('sleep .1; echo ' + word, { encoding: 'utf8' }).trim()
        }`,
    })
    let isFree = false
    setImmediate(() => (isFree = true))
    const words: unknown[] = []
    for await (const word of await lib.words('a', 'b')) words.push(word, isFree)
    expect(words).toEqual(['a', true, 'b', true])
    const { blocked } = emulationReport()
    expect(blocked.filter(({ kind }) => kind === 'child_process.execSync')).toEqual([])
  })

  it('wraps what a constructor gives behind a Proxy of its own', async () => {
    const lib = await load({
      'node_modules/lib/index.js': `const { execSync } = require('child_process')
        class Store {
          constructor() { return new Proxy(this, { get: (target, key) => key in target ? target[key] : 'no ' + String(key) }) }
          read() { return execSync('echo read', { encoding: 'utf8' }).trim() }
        }
        module.exports = { Store, same: (store) => store }`,
    })
    const store = new lib.Store()
    const before = emulationReport().suspended['child_process.execSync'] ?? 0
    expect([await store.read(), store.other, (await lib.same(store)) === store]).toEqual([
      'read',
      'no other',
      true,
    ])
    expect(emulationReport().suspended['child_process.execSync']).toBe(before + 1)
  })

  it('makes every function of it give a Blocking, those that it returns too', async () => {
    const lib = await loadLibrary()
    const calls = [lib.nested.deep(), lib.isBox({}), lib.say('x')]
    for (const call of calls) expect(call[Symbol.iterator]).toBeTypeOf('function')
    expect(await calls[0]).toBe(1)
    await Promise.all(calls)
    const template = await lib.template()
    expect(await template('hey')).toBe('hey')
    expect([lib.default, lib.say]).toEqual([lib, lib.say])
    expect(Object.keys(lib)).toContain('say')
  })

  it('runs as the greenlet that calls', async () => {
    const lib = await loadLibrary()
    const greenlet = schedule(async () => lib.call(() => getCurrent()))
    expect(await greenlet.join()).toBe(greenlet)
  })

  it('admits one greenlet at a time unless told otherwise', async () => {
    const counter = `const fs = require('fs')
      module.exports = (file) => {
        const n = Number(fs.readFileSync(file, 'utf8')) + 1
        fs.writeFileSync(file, String(n))
        return n
      }`
    const files = { 'node_modules/lib/index.js': counter, 'file.txt': '0' }
    const from = written(files)
    const count = await patched<Any>('lib', { from })
    const numbers = await Promise.all(
      Array.from({ length: 20 }, () => count(join(from, 'file.txt'))),
    )
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('leaves the copy of the process alone', async () => {
    const from = written({ 'node_modules/lib/index.js': 'exports.list = []; exports.f = () => 1' })
    const own = createRequire(join(from, 'x.js'))('lib')
    const lib = await patched<Any>('lib', { from })
    own.list.push('own')
    expect([lib.list, own.f(), await lib.f()]).toEqual([[], 1, 1])
  })

  it('loads CommonJS as Node does', async () => {
    const lib = await load({
      'node_modules/lib/index.js': `
        exports.early = 'early'
        exports.b = require('./b')
        exports.json = require('./data.json')
        exports.self = require.cache[__filename] === module
        exports.parent = module.children.map((child) => child.parent === module)
        exports.resolved = require.resolve('./b')
        exports.names = [__filename, __dirname, module.id, require.main === module]
        exports.missing = (() => { try { require('./no') } catch (e) { return e.code } })()
        exports.broken = (() => { try { require('./broken') } catch (e) { return [e.name, e.message] } })()
        exports.thrown = [1, 2].map(() => { try { require('./thrower') } catch (e) { return e } })
        delete require.cache[require.resolve('./b')]
        exports.anew = require('./b') !== exports.b
        this.that = true`,
      'node_modules/lib/b.js': `exports.seen = require('./index.js').early`,
      'node_modules/lib/data.json': '{ "a": 1 }',
      'node_modules/lib/broken.js': 'let = = 5',
      'node_modules/lib/thrower.js': 'throw global.count = (global.count || 0) + 1',
    })
    expect(lib).toMatchObject({
      early: 'early',
      b: { seen: 'early' },
      json: { a: 1 },
      self: true,
      parent: [true, true],
      missing: 'MODULE_NOT_FOUND',
      thrown: [1, 2],
      anew: true,
      that: true,
    })
    expect(lib.broken[0]).toBe('SyntaxError')
    expect(lib.names[3]).toBe(false)
    const broken = emulationReport().files.find(({ file }) => file.endsWith('broken.js'))
    expect(broken).toMatchObject({
      compiled: false,
      reason: expect.stringContaining('SyntaxError'),
    })
  })

  it('compiles what it is told to', async () => {
    const files = {
      'node_modules/lib/index.js': `exports.other = require('other')`,
      'node_modules/other/index.js': `exports.f = () => 1`,
    }
    const reasonOf = async (options: object) => {
      const from = written(files)
      const lib = await patched<Any>('lib', { from, ...options })
      expect(await lib.other.f()).toBe(1)
      return emulationReport()
        .files.filter(({ file }) => file.startsWith(from))
        .map(({ file, reason }) => [file.slice(from.length + 14), reason])
    }
    expect(await reasonOf({})).toEqual(
      [
        ['other/index.js', null],
        ['lib/index.js', null],
      ].reverse(),
    )
    expect(await reasonOf({ exclude: ['other'] })).toContainEqual(['other/index.js', 'excluded'])
    expect(await reasonOf({ include: ['lib'] })).toContainEqual(['other/index.js', 'not included'])
    expect(await reasonOf({ exclude: [/other.index/] })).toContainEqual([
      'other/index.js',
      'excluded',
    ])
  })

  it('loads ES modules, and the CommonJS modules that they import', async () => {
    const lib = await load(
      {
        'node_modules/lib/package.json': '{ "type": "module", "exports": "./index.js" }',
        'node_modules/lib/index.js': `
          import { execSync } from 'node:child_process'
          import old, { say as sayOld } from 'old'
          import * as circle from './circle.js'
          export { late, Late }
          const late = () => new Late().say()
          class Late { say() { return execSync('echo late', { encoding: 'utf8' }) } }
          export const say = (text) => execSync('sleep .1; echo ' + text, { encoding: 'utf8' }).trim()
          export { sayOld }
          export let count = 0
          export function increase() { count++ }
          export class Box { sleep() { execSync('true'); return 'slept' } }
          export default () => old.say('default') + circle.type()`,
        'node_modules/lib/circle.js': `
          import { say } from './index.js'
          export const type = () => typeof say`,
        'node_modules/old/index.js': LIBRARY,
      },
      { concurrent: true },
    )
    expect(await Promise.all([lib.say('a'), lib.sayOld('b'), lib.default()])).toEqual([
      'a',
      'b',
      'defaultfunction',
    ])
    await lib.increase()
    expect([lib.count, await new lib.Box().sleep()]).toEqual([1, 'slept'])
    expect(await lib.late()).toBe('late\n')
    const names = emulationReport().files.filter(({ compiled }) => compiled)
    for (const end of ['circle.js', 'old/index.js']) {
      expect(names.some(({ file }) => file.endsWith(end))).toBe(true)
    }
  })

  it('counts what suspends and what really blocks', async () => {
    const lib = await load({
      'node_modules/lib/index.js': `const { execSync } = require('child_process')
        exports.plain = () => execSync('true')
        exports.sorted = () => [2, 1].sort(() => { execSync('true'); return 0 })`,
    })
    const before = emulationReport().suspended['child_process.execSync'] ?? 0
    await lib.plain()
    await lib.sorted()
    const { suspended, blocked } = emulationReport()
    expect(suspended['child_process.execSync']).toBe(before + 1)
    const place = blocked.find(({ site }) => site.includes('lib/index.js'))
    expect(place).toMatchObject({ kind: 'child_process.execSync', count: 1 })
    expect(place!.ms).toBeGreaterThan(0)
  })

  it('keeps the graphs of several copies of this package apart', async () => {
    const ids = []
    for (let i = 0; i < 2; i++) {
      vi.resetModules()
      const copy = await import('../src/load/graph.ts')
      ids.push(new copy.Graph({ include: undefined, exclude: undefined }).id)
    }
    expect(new Set(ids).size).toBe(2)
    // As they stand in the URLs of modules.
    for (const id of ids) expect(tagOf(tagged('file:///x.js?a', id))).toBe(id)
  })

  it('refuses what is no library', async () => {
    await expect(patched(5 as never)).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
    await expect(patched('fs')).rejects.toMatchObject({ code: 'GH_INVALID_ARGUMENT' })
    await expect(patched('no-such-library')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' })
  })
})

describe('minified code', () => {
  it('keeps words apart that only a bracket parted', async () => {
    const lib = await load({
      'node_modules/lib/index.js': `exports.f=x=>{if(x)return(y)=>String(y);return(()=>String(x))};
        exports.g=function*(){yield(y)=>String(y)};exports.t=(a)=>typeof(()=>String(a))+\`a\${String(a)}b\``,
    })
    const inner = await lib.f(1)
    expect([await inner(5), await lib.t(7)]).toEqual(['5', 'functiona7b'])
  })
})

describe('green', () => {
  it('gives a Blocking for a function that was compiled, and refuses others', async () => {
    const from = written({
      'x.js': `exports.inner = function (text) { return this.before + require('child_process').execSync('echo ' + text) }`,
    })
    prepare()
    const { inner } = new Graph({ include: undefined, exclude: undefined }).load(
      join(from, 'x.js'),
      null,
    ) as Any
    const own = { before: 'say ', say: green(inner) }
    expect(await own.say('hi')).toBe('say hi\n')
    expect(() => green(() => 1)).toThrow(expect.objectContaining({ code: 'GH_UNSUPPORTED' }))
    expect(() => green(5 as never)).toThrow(
      expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
    )
  })

  it('knows the directive of a module', () => {
    const marked = [
      `'use green'`,
      `#!/usr/bin/env node\n// x\n/* y\n */ "use strict";\n"use green"\nlet x`,
    ]
    expect(marked.map(isMarked)).toEqual([true, true])
    expect(["x; 'use green'", "// 'use green'", ''].map(isMarked)).toEqual([false, false, false])
  })
})

describe('an error of a suspended primitive', () => {
  it('has the stack of the call', async () => {
    const from = written({
      'node_modules/lib/index.js': `const fs = require('fs')

function inner() {
  return fs.readFileSync('/no/such/file')
}
exports.outer = function outer() {
  return inner()
}`,
    })
    const lib = await patched<Any>('lib', { from })
    const error = (await lib.outer().catch((failure: unknown) => failure)) as Error
    const [header, first, second] = error.stack!.split('\n')
    expect(header).toBe(`Error: ${error.message}`)
    expect(first).toMatch(/at inner \(.*lib\/index\.js:4:13\)$/)
    expect(second).toMatch(/at .*outer \(.*lib\/index\.js:7:10\)$/)
    expect(error.stack).not.toMatch(/emulation\/src/)
    expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'path', 'syscall'])
  })

  it('has it in an ES module, too', async () => {
    const from = written({
      'node_modules/lib/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/lib/index.js': `import { readFileSync } from 'node:fs'
const inner = () => readFileSync('/no/such/file')
export function outer() {
  return [1].map(() => inner())
}`,
    })
    const lib = await patched<Any>('lib', { from })
    const error = (await lib.outer().catch((failure: unknown) => failure)) as Error
    const places = [...error.stack!.matchAll(/\(?(file:\S*lib\/index\.js):(\d+:\d+)/g)]
    expect(places.map(([, , place]) => place)).toEqual(['2:21', '4:24', '4:14'])
  })

  it.each([true, false])(
    'has who called, too, whatever the call has waited for before (concurrent: %s)',
    async (concurrent) => {
      const from = written({
        'lib.js': `const fs = require('fs')
exports.find = (name) => {
  try { fs.readFileSync(name + '.first') } catch {}
  return fs.readFileSync(name)
}`,
      })
      const lib = await patched<Any>('./lib.js', { from, concurrent })
      const seen: string[] = []
      const note = (error: unknown): void => {
        const lines = (error as Error).stack!.split('\n').slice(1)
        seen.push(lines.map((line) => /lib.js:\d+|theAsync|theGenerator/.exec(line)?.[0]).join())
      }
      const theAsync = async (): Promise<void> => {
        await lib.find('/no/such/file').catch(note)
      }
      const theGenerator = function* (): Generator<any, void, any> {
        try {
          yield* lib.find('/no/such/file')
        } catch (error) {
          note(error)
        }
      }
      await theAsync()
      await schedule(theAsync).join()
      await schedule(theGenerator).join()
      expect(seen).toEqual([
        expect.stringMatching(/^lib.js:4,theAsync/),
        expect.stringMatching(/^lib.js:4,theAsync/),
        expect.stringMatching(/^lib.js:4,theGenerator/),
      ])
    },
  )

  it('has no more frames than the program wants', async () => {
    const from = written({ 'lib.js': `exports.read = () => require('fs').readFileSync('/no')` })
    const lib = await patched<Any>('./lib.js', { from, concurrent: true })
    const { stackTraceLimit } = Error
    for (const limit of [0, 1, 2]) {
      Error.stackTraceLimit = limit
      const error = await lib.read().catch((failure: unknown) => failure)
      Error.stackTraceLimit = stackTraceLimit
      expect(error.stack.split('\n')).toHaveLength(1 + limit)
    }
  })
})
