// Architecture, section 2: one kernel per process. Real copies of the built package, some of them changed into other
// versions, are loaded into processes of their own.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const PACKAGE = join(import.meta.dirname, '..')

let folder: string
/** Where a file of a copy is, as errors say it. */
const urlOf = (file: string) => pathToFileURL(join(folder, file)).href

/** A copy of the package; replaces text in its code, each at least once in ESM and in CJS. */
const copy = async (name: string, changes: readonly (readonly [string, string])[] = []) => {
  const target = join(folder, name)
  await cp(join(PACKAGE, 'dist'), join(target, 'dist'), { recursive: true })
  await cp(join(PACKAGE, 'package.json'), join(target, 'package.json'))
  for (const extension of ['.js', '.cjs']) {
    const files = (await readdir(join(target, 'dist'))).filter((file) => file.endsWith(extension))
    const found = new Set<string>()
    for (const file of files) {
      const path = join(target, 'dist', file)
      let text = await readFile(path, 'utf8')
      for (const [from, to] of changes) {
        if (text.includes(from)) found.add(from)
        text = text.replaceAll(from, to)
      }
      await writeFile(path, text)
    }
    for (const [from] of changes) if (!found.has(from)) throw new Error(`No \`${from}\` to change`)
  }
}

/** Bundles a module that re-exports a copy, as an application might. */
const bundle = async (outfile: string, from: string, format: 'esm' | 'cjs') => {
  await build({
    stdin: {
      contents: `export * from './${from}/dist/index.js'; export * as kernel from './${from}/dist/kernel.js'`,
      resolveDir: folder,
    },
    bundle: true,
    minify: true,
    format,
    platform: 'node',
    outfile: join(folder, outfile),
    logLevel: 'error',
    // A CJS bundle has none.
    logOverride: { 'empty-import-meta': 'silent' },
  })
}

/** Runs a module among the copies; gives what it calls \`say\` with. */
const run = async (program: string): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const say = (what) => console.log(JSON.stringify(what))
      ${program}`,
    ],
    { cwd: folder },
  )
  return JSON.parse(stdout)
}
/** Loads one copy after another, and says how that went. */
const loadBoth = (first: string, second: string) =>
  run(`
    const load = (file) => file.endsWith('.cjs') ? require(file) : import(file)
    const one = await load('${first}')
    try {
      const two = await load('${second}')
      say({ shared: Object.keys(two).every((name) => one[name] === two[name]), minor: one.KERNEL_MINOR })
    } catch ({ name, code, message }) {
      say({ name, code, message })
    }`)

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'greenhouse-copies-')))
  await copy('v1_0')
  await copy('other_v1_0')
  await copy('v1_3', [
    ['KERNEL_MINOR = 1', 'KERNEL_MINOR = 3'],
    ['VERSION = "1.0.0"', 'VERSION = "1.3.7"'],
  ])
  await copy('v2_0', [
    ['KERNEL_MAJOR = 1', 'KERNEL_MAJOR = 2'],
    ['@greenhouse/scheduler/kernel@1', '@greenhouse/scheduler/kernel@2'],
    ['VERSION = "1.0.0"', 'VERSION = "2.0.0"'],
  ])
  await writeFile(
    join(folder, 'worker.mjs'),
    `import { parentPort } from 'node:worker_threads'
    const before = Symbol.for('@greenhouse/scheduler/kernel@1') in globalThis
    const api = await import('./v1_3/dist/index.js')
    const greenlet = api.schedule(async () => { await api.pauseFor(1); return 'in the worker' })
    parentPort.postMessage({ before, id: greenlet.id, result: await greenlet.join() })`,
  )
  await writeFile(
    join(folder, 'contexts.mjs'),
    `import vm from 'node:vm'
    import { readFileSync } from 'node:fs'
    import { createRequire } from 'node:module'
    import { resolve } from 'node:path'
    const require = createRequire(import.meta.url)
    export function load(path) {
      const context = vm.createContext({})
      const globals = vm.runInContext('globalThis', context)
      for (const name of Object.getOwnPropertyNames(globalThis)) {
        if (name in globals) continue
        Object.defineProperty(globals, name, Object.getOwnPropertyDescriptor(globalThis, name))
      }
      const module = { exports: {} }
      const names = ['module', 'exports', 'require', '__filename']
      const file = resolve(path)
      const code = vm.compileFunction(readFileSync(file, 'utf8'), names, { parsingContext: context, filename: file })
      code(module, module.exports, require, file)
      return { api: module.exports, cell: globals[Symbol.for('@greenhouse/scheduler/kernel@1')] }
    }`,
  )
  await bundle('bundle.mjs', 'other_v1_0', 'esm')
  await bundle('bundle.cjs', 'other_v1_0', 'cjs')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('two copies of one version', () => {
  it.each([
    ['ESM', 'another ESM', './v1_0/dist/kernel.js', './other_v1_0/dist/kernel.js'],
    ['ESM', 'its CJS file', './v1_0/dist/kernel.js', './v1_0/dist/kernel.cjs'],
    ['the CJS file', 'its ESM', './v1_0/dist/kernel.cjs', './v1_0/dist/kernel.js'],
    ['CJS', 'another CJS', './v1_0/dist/kernel.cjs', './other_v1_0/dist/kernel.cjs'],
  ])('share one kernel: %s, then %s', async (_one, _two, first, second) => {
    expect(await loadBoth(first, second)).toEqual({ shared: true, minor: 1 })
  })

  it.each([
    ['its CJS file', './v1_0/dist/index.cjs'],
    ['another copy', './other_v1_0/dist/index.js'],
    ['an ESM bundle', './bundle.mjs'],
    ['a CJS bundle', './bundle.cjs'],
  ])('know greenlets of each other: ESM and %s', async (_what, file) => {
    const seen = await run(`
      const one = await import('./v1_0/dist/index.js')
      const two = ${file.endsWith('cjs') ? 'require' : 'await import'}('${file}')
      const ofOne = one.schedule(async () => { await two.pause(); return 'one' })
      const ofTwo = two.schedule(function* () { yield* one.pauseFor(1); return two.getCurrent() === one.getCurrent() })
      const ended = two.schedule(async () => one.pauseFor(60_000))
      const joined = one.schedule(function* () { return [yield* ofOne.join(), yield* ofTwo.join()] })
      const values = await two.schedule(async () => joined.join()).join()
      one.end(ended)
      const error = await ended.join().catch((error) => error)
      say({
        values,
        known: [two.isGreenlet(ofOne), one.isGreenlet(ofTwo)],
        sameClass: [error instanceof one.GreenletExit, error instanceof two.GreenletExit],
        code: error.code,
        main: one.mainGreenlet === two.mainGreenlet,
        ids: new Set([ofOne, ofTwo, ended, joined].map(({ id }) => id)).size,
      })`)
    expect(seen).toEqual({
      values: ['one', true],
      known: [true, true],
      sameClass: [true, true],
      code: 'GH_EXIT',
      main: true,
      ids: 4,
    })
  })

  it('share wait lists, order of turns, handlers and clock', async () => {
    const seen = await run(`
      const one = { ...(await import('./v1_0/dist/index.js')), ...(await import('./v1_0/dist/kernel.js')) }
      const two = { ...require('./bundle.cjs'), ...require('./bundle.cjs').kernel }
      const { withVirtualClock } = await import('./v1_0/dist/testing.js')
      const order = []
      const list = new one.WaitList('shared')
      two.schedule(function* () { order.push(yield* list.park(undefined, undefined, two.giveFalse)) })
      for (const copy of [one, two, one, two]) {
        copy.schedule(function* () { order.push(copy === one ? 1 : 2); yield* copy.pause(); order.push(copy === one ? 1 : 2) })
      }
      await one.pause()
      list.wake('woken')
      await two.pause()
      await two.pause()
      const heard = []
      one.globalExceptionHandler((error) => heard.push(error))
      two.schedule(() => { throw 'in two' })
      await one.pause()
      const nowMs = await withVirtualClock(async (clock) => { await two.pauseFor(60_000); return clock.now() })
      say({ order, heard, nowMs })`)
    expect(seen).toEqual({
      order: [1, 2, 1, 2, 1, 2, 1, 2, 'woken'],
      heard: ['in two'],
      nowMs: 60_000,
    })
  })
})

describe('two copies of different minors', () => {
  it.each(['js', 'cjs'])('share the later one when that comes first (%s)', async (extension) => {
    const seen = await loadBoth('./v1_3/dist/kernel.js', `./v1_0/dist/kernel.${extension}`)
    expect(seen).toEqual({ shared: true, minor: 3 })
  })

  it.each(['js', 'cjs'])(
    'fail at import when the earlier one comes first, with both versions and paths (%s)',
    async (extension) => {
      for (const entry of ['index', 'kernel', 'testing']) {
        const later = `v1_3/dist/${entry}.${extension}`
        const seen = (await loadBoth('./v1_0/dist/index.js', `./${later}`)) as { message: string }
        expect(seen).toMatchObject({ name: 'GreenhouseError', code: 'GH_VERSION' })
        expect(seen.message).toContain(
          `@greenhouse/scheduler 1.3.7 (${urlOf(later)}) needs kernel 1.3`,
        )
        expect(seen.message).toContain(
          `kernel that runs is 1.1, of @greenhouse/scheduler 1.0.0 (${urlOf('v1_0/dist/index.js')})`,
        )
        expect(seen.message).toContain('`npm dedupe`')
      }
    },
  )

  it('leave the one that runs as it was when they fail', async () => {
    const seen = await run(`
      const one = await import('./v1_0/dist/index.js')
      const greenlet = one.schedule(async () => { await one.pauseFor(1); return 'still runs' })
      const { code } = await import('./v1_3/dist/index.js').catch((error) => error)
      say([code, await greenlet.join(), (await import('./other_v1_0/dist/index.js')).schedule === one.schedule])`)
    expect(seen).toEqual(['GH_VERSION', 'still runs', true])
  })
})

describe('two copies of different majors', () => {
  it('stay apart, each with its own kernel', async () => {
    const seen = await run(`
      const one = await import('./v1_0/dist/index.js')
      const two = await import('./v2_0/dist/index.js')
      const ofTwo = two.schedule(function* () { yield* two.pause(); return 'two' })
      const ofOne = one.schedule(async () => one.getCurrent() === ofOne && two.getCurrent() === two.mainGreenlet)
      say([one.schedule === two.schedule, await ofOne.join(), await ofTwo.join(), one.mainGreenlet === two.mainGreenlet])`)
    expect(seen).toEqual([false, true, 'two', false])
  })

  it.each([
    ['end', 'other.end(greenlet)'],
    ['scheduleException', 'other.scheduleException(1, greenlet)'],
    ['schedule', 'other.schedule(greenlet)'],
    ['scheduleIn', 'other.scheduleIn(1, greenlet)'],
    ['localExceptionHandler', 'other.localExceptionHandler(() => {}, greenlet)'],
    ['localIncomingHook', 'other.localIncomingHook(() => {}, greenlet)'],
  ])('refuse greenlets of each other with an error that names both: %s', async (_what, call) => {
    const seen = await run(`
      const one = await import('./v1_0/dist/index.js')
      const two = await import('./v2_0/dist/index.js')
      const refusals = []
      for (const [own, other] of [[one, two], [two, one]]) {
        const greenlet = own.greenlet(() => 1)
        try {
          ${call}
          refusals.push('taken')
        } catch ({ code, message }) {
          refusals.push(code + ': ' + message)
        }
        refusals.push(greenlet.state)
      }
      say(refusals)`)
    expect(seen).toEqual([
      expect.stringMatching(/^GH_VERSION: .*kernel 1 .*kernel 2\b.*@greenhouse\/scheduler/),
      'initial',
      expect.stringMatching(/^GH_VERSION: .*kernel 2 .*kernel 1\b.*@greenhouse\/scheduler/),
      'initial',
    ])
  })
})

describe('a kernel of its own has', () => {
  it('each vm context, as a test runner makes them', async () => {
    const seen = await run(`
      const outside = await import('./v1_0/dist/index.js')
      const key = Symbol.for('@greenhouse/scheduler/kernel@1')
      const { load } = await import('./contexts.mjs')
      const [one, two] = [load('./v1_0/dist/index.cjs'), load('./v1_0/dist/index.cjs')]
      const cells = [globalThis[key], one.cell, two.cell]
      const order = []
      const work = (api, name) => api.schedule(function* () {
        for (let i = 0; i < 2; i++) { order.push(name); yield* api.pauseFor(1) }
        return api.getCurrent().id
      }).join()
      const ids = await Promise.all([work(outside, 'outside'), work(one.api, 'one'), work(two.api, 'two')])
      say({
        cells: new Set(cells).size,
        there: cells.every((cell) => typeof cell === 'object'),
        apart: one.api.schedule !== two.api.schedule && one.api.schedule !== outside.schedule,
        ids: new Set(ids).size,
        ran: order.length,
      })`)
    // Each numbers its greenlets from the same beginning.
    expect(seen).toEqual({ cells: 3, there: true, apart: true, ids: 1, ran: 6 })
  })

  it('each vm context, which refuses greenlets of the others with an error that names both', async () => {
    const seen = await run(`
      const outside = await import('./v1_0/dist/index.js')
      const { load } = await import('./contexts.mjs')
      const { api } = load('./other_v1_0/dist/index.cjs')
      const refusals = []
      for (const [own, other] of [[outside, api], [api, outside]]) {
        const greenlet = own.schedule(async () => { await own.pauseFor(1); return 'unharmed' })
        for (const call of ['end', 'schedule', 'isGreenlet']) {
          try {
            other[call](greenlet)
            refusals.push('taken')
          } catch ({ code, message }) {
            refusals.push(code + ': ' + message)
          }
        }
        refusals.push(await greenlet.join())
      }
      say(refusals)`)
    const names = (first: RegExp, second: RegExp) =>
      new RegExp(
        `^GH_VERSION: A greenlet of kernel 1 .*${first.source}.* was handed to kernel 1 .*${second.source}`,
      )
    const inside = names(/\/v1_0\/dist\/[^/]*\.js/, /\/other_v1_0\/dist\/index\.cjs/)
    const outside = names(/\/other_v1_0\/dist\/index\.cjs/, /\/v1_0\/dist\/[^/]*\.js/)
    expect(seen).toEqual([
      ...Array.from({ length: 3 }, () => expect.stringMatching(inside) as string),
      'unharmed',
      ...Array.from({ length: 3 }, () => expect.stringMatching(outside) as string),
      'unharmed',
    ])
  })

  it('each vm context, whose waits are promises to the others', async () => {
    const seen = await run(`
      const outside = await import('./v1_0/dist/index.js')
      const { load } = await import('./contexts.mjs')
      const { api } = load('./v1_0/dist/index.cjs')
      const inside = api.schedule(async () => { await api.pauseFor(1); return 'inside' })
      const values = [
        await outside.schedule(async () => inside.join()).join(),
        await outside.schedule(function* () { return yield* outside.wait(inside.join()) }).join(),
        await outside.withTimeout(1000, () => inside.join()),
      ]
      const stuck = api.schedule(async () => api.pauseFor(60_000))
      const late = outside.schedule(function* () { yield* outside.wait(stuck.join(), { timeoutMs: 1 }) })
      values.push(await late.join().catch(({ code }) => code), stuck.state)
      const joining = stuck.join()
      joining.catch(() => {})
      const wrong = outside.schedule(function* () { yield* joining })
      values.push(await wrong.join().catch(({ code }) => code))
      api.end(stuck)
      say(values)`)
    expect(seen).toEqual([
      'inside',
      'inside',
      'inside',
      'GH_TIMEOUT',
      'blocked',
      'GH_INVALID_STATE',
    ])
  })

  it('each worker thread', async () => {
    const seen = await run(`
      import { Worker } from 'node:worker_threads'
      const api = await import('./v1_0/dist/index.js')
      for (let i = 0; i < 5; i++) await api.schedule(() => 1).join()
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { execArgv: [] })
      const message = await api.wait(new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)))
      say({ ...message, here: api.schedule(() => 1).id })`)
    // A later minor beside the one here: no GH_VERSION, since the kernels are apart.
    expect(seen).toEqual({ before: false, id: 1, result: 'in the worker', here: 6 })
  })
})
