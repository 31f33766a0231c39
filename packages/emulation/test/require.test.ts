// `require` from green code: the bodies of modules are suspended as part of who requires them.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { end, schedule } from '@greenhouse/scheduler'
import { describe, expect, it } from 'vitest'
import { Graph } from '../src/load/graph.ts'
import { prepare } from '../src/prepare.ts'
import { emulationReport } from '../src/report.ts'
import { callGreen, type Callable } from '../src/rt/index.ts'
import { written } from './helpers/library.ts'
import { compareLoads, type Load } from './mask.ts'

type Files = Readonly<Record<string, string>>

/** Every program has a `main.js`, which exports its `main`; `op` and `log` are globals. */
const programs: Readonly<Record<string, Files>> = {
  'bodies that wait': {
    'main.js': `module.exports = () => { log('main'); const a = require('./a'); log(a); return [a, require('./a') === a, require('./b').n] }`,
    'a.js': `'use strict'
      log('a begins')
      const b = require('./b')
      exports.b = b.n + op(1)
      exports.strict = (function () { return this === undefined })()
      log(op('a ends'))`,
    'b.js': `log('b'); let n = op(5); n++; module.exports = { n: op(n) }; log('b ends')`,
  },
  'modules in a circle': {
    'main.js': `module.exports = () => { const a = require('./a'), b = require('./b'); return [a.seen, b.seen, a.f(), b.f()] }`,
    'a.js': `exports.early = op('early'); exports.f = () => op('fa'); const b = require('./b'); exports.seen = [b.early, Object.keys(b)]; exports.late = op(1)`,
    'b.js': `exports.early = op('b early'); const a = require('./a'); exports.seen = [a.early, Object.keys(a)]; exports.f = () => [op('fb'), a.f(), a.late]`,
  },
  'bodies that throw': {
    'main.js': `module.exports = () => {
      const seen = []
      for (let i = 0; i < 2; i++) try { require('./bad') } catch (error) { seen.push(error.message, Object.keys(require.cache).length, module.children.length) }
      try { require('./outer') } catch (error) { seen.push(error.message) }
      try { require('./no-such-file') } catch (error) { seen.push(error.code) }
      try { require('') } catch (error) { seen.push(error.code) }
      globalThis.good = true
      seen.push(require('./bad').value)
      delete globalThis.good
      return seen
    }`,
    'bad.js': `log('bad'); exports.value = op('value'); if (!globalThis.good) op('!thrown')`,
    'outer.js': `exports.x = op(1); try { require('./bad') } finally { log(op('finally')) }`,
  },
  'what a body is given': {
    'main.js': `module.exports = () => [require('./a'), require('./data.json'), require('path') === require('node:path'), typeof require.resolve('./a')]`,
    'a.js': `#!/usr/bin/env node
      log(op(this === module.exports)); log(arguments.length); log(require('path').basename(__filename)); log(module.loaded); log(module.parent.children.includes(module))
      var exports = module.exports
      exports.hoisted = hoisted()
      function hoisted() { return op('hoisted') }
      class K { m() { return op('m') } }
      exports.k = new K().m()
      exports.all = [1, 2].map((x) => op(x))
      setImmediate(() => {})
      if (op(true)) return
      exports.never = 1`,
    'data.json': `{ "x": 1 }`,
  },
  'a require that runs later': {
    'main.js': `module.exports = async () => { const lazy = require('./lazy'); const r = [lazy.get()]; await null; r.push(lazy.again(), lazy.get.call(null) === r[0]); return r }`,
    'lazy.js': `let made; exports.get = () => made ??= require('./heavy').make(op('arg')); exports.again = () => module.require('./heavy').count`,
    'heavy.js': `exports.count = 0; const first = op('first'); exports.make = (x) => { exports.count++; return { first, x: op(x) } }`,
  },
}

type Main = ReturnType<Load>
const world = globalThis as unknown as Record<string, unknown>

function loaders(folder: string): [plain: Load, green: Load] {
  const file = join(folder, 'main.js')
  const withGlobals =
    (make: () => unknown): Load =>
    (op, log) => {
      Object.assign(world, { op, log })
      return make() as Main
    }
  const { cache } = createRequire(file)
  return [
    withGlobals(() => {
      for (const name of Object.keys(cache)) if (name.startsWith(folder)) delete cache[name]
      // Its `require.cache` holds what this process has loaded, too.
      return plainly(file)
    }),
    withGlobals(() => new Graph({ include: undefined, exclude: undefined }).load(file, null)),
  ]
}

/** Requires a file natively, in a cache that holds only its own modules. */
function plainly(file: string): unknown {
  const require = createRequire(file)
  const others = { ...require.cache }
  for (const name of Object.keys(require.cache)) delete require.cache[name]
  const main = require(file) as Main
  return async () => {
    try {
      return await main()
    } finally {
      Object.assign(require.cache, others)
    }
  }
}

describe('require from green code', () => {
  for (const [name, files] of Object.entries(programs)) {
    it(`runs ${name} as natively, wherever they are suspended`, async () => {
      prepare()
      const [plain, green] = loaders(written(files))
      const { failure, suspensions } = await compareLoads(plain, green)
      expect(failure).toBeNull()
      expect(suspensions).toBeGreaterThan(0)
    })
  }
})

describe('a module that several greenlets require', () => {
  const loaded = (files: Files): Record<string, Callable> => {
    prepare()
    const main = join(written(files), 'main.js')
    return new Graph({ include: undefined, exclude: undefined }).load(main, null) as never
  }
  const start = (fn: Callable, ...args: unknown[]) =>
    schedule(function* () {
      return yield* callGreen(fn, undefined, args)
    })
  const SLOW = `const { execSync } = require('child_process'); globalThis.loads = (globalThis.loads ?? 0) + 1; execSync('sleep .05');`

  it('is loaded once; the others wait until it is there', async () => {
    const lib = loaded({
      'main.js': `exports.get = () => require('./slow').value`,
      'slow.js': `${SLOW} exports.value = { loads }`,
    })
    const all = [1, 2, 3].map(() => start(lib['get']!))
    const values = []
    for (const one of all) values.push(await one.join())
    expect(values).toEqual([{ loads: 1 }, { loads: 1 }, { loads: 1 }])
    expect(new Set(values).size).toBe(1)
    delete world['loads']
  })

  it('is half there for who requires it in a circle with another greenlet, as natively', async () => {
    const lib = loaded({
      'main.js': `exports.get = (name) => require(name).other`,
      'a.js': `${SLOW} exports.name = 'a'; exports.other = require('./b').name`,
      'b.js': `${SLOW} exports.name = 'b'; exports.other = require('./a').name`,
    })
    const [a, b] = [start(lib['get']!, './a'), start(lib['get']!, './b')]
    expect([await a.join(), await b.join()]).toEqual(['b', 'a'])
    delete world['loads']
  })

  it('is loaded again when the greenlet that loads it is ended', async () => {
    const lib = loaded({
      'main.js': `exports.get = () => require('./slow').value`,
      'slow.js': `${SLOW} exports.value = loads`,
    })
    const [first, second] = [start(lib['get']!), start(lib['get']!)]
    await new Promise((resolve) => setImmediate(resolve))
    end(first)
    await expect(first.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
    expect(await second.join()).toBe(2)
    delete world['loads']
  })

  it('is refused to code that cannot wait, not handed out by half', async () => {
    const lib = loaded({
      'main.js': `exports.get = () => require('./slow').value
        exports.blocking = () => [2, 1].sort(() => { require('./slow'); return 0 })`,
      'slow.js': `${SLOW} exports.value = 1`,
    })
    const first = start(lib['get']!)
    await new Promise((resolve) => setImmediate(resolve))
    await expect(start(lib['blocking']!).join()).rejects.toMatchObject({ code: 'GH_DEADLOCK' })
    expect(await first.join()).toBe(1)
    expect(await start(lib['blocking']!).join()).toEqual([2, 1])
    const { blocked } = emulationReport()
    expect(blocked.filter(({ site }) => site.includes('slow.js'))).toEqual([])
    delete world['loads']
  })
})
