// Copies of the built package: several over one scheduler, as test runners load them too, and one over a scheduler of another
// vm context.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')

let folder: string

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

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'greenhouse-util-copies-')))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('ESM and CJS beside one another', () => {
  it('take the primitives of each other', async () => {
    const seen = await run(`
      import { schedule } from '@greenhouse/scheduler'
      import * as esm from '@greenhouse/util'
      const cjs = require('./node_modules/@greenhouse/util/dist/index.cjs')
      const seen = [esm.Lock !== cjs.Lock]
      for (const [one, two] of [[esm, cjs], [cjs, esm]]) {
        const condition = new one.Condition(new two.RLock())
        const channel = new two.Channel(1)
        const waiter = schedule(async () => {
          await condition.acquire()
          const told = await condition.wait()
          condition.release()
          return [told, (await one.Channel.select([channel])).item]
        })
        await schedule(function* () {
          yield* condition.acquire()
          condition.notify()
          condition.release()
          yield* channel.put('item')
        }).join()
        seen.push(await waiter.join())
      }
      say(seen)`)
    expect(seen).toEqual([true, [true, 'item'], [true, 'item']])
  })
})

describe('a primitive of another vm context', () => {
  it('is refused by those of this one, with an error that names both kernels', async () => {
    const seen = await run(`
      import vm from 'node:vm'
      import { readFileSync } from 'node:fs'
      import { dirname, join } from 'node:path'
      import { Channel, Condition, Lock } from '@greenhouse/util'
      const context = vm.createContext({})
      const globals = vm.runInContext('globalThis', context)
      for (const name of Object.getOwnPropertyNames(globalThis))
        if (!(name in globals)) Object.defineProperty(globals, name, Object.getOwnPropertyDescriptor(globalThis, name))
      const registry = new Map()
      const load = (id) => {
        const [, name, subpath = 'index'] = /^@greenhouse\\/(\\w+)(?:\\/(\\w+))?$/.exec(id) ?? []
        if (name === undefined) return require(id)
        const file = join(process.cwd(), 'node_modules/@greenhouse', name, 'dist', subpath + '.cjs')
        if (!registry.has(file)) {
          const module = { exports: {} }
          registry.set(file, module)
          vm.compileFunction(readFileSync(file, 'utf8'), ['module', 'exports', 'require', '__filename'], {
            parsingContext: context, filename: file,
          })(module, module.exports, load, file)
        }
        return registry.get(file).exports
      }
      const other = load('@greenhouse/util')
      const refusals = []
      for (const call of [
        () => new Condition(new other.Lock()),
        () => new other.Condition(new Lock()),
        () => Channel.select([new other.Channel()]),
        () => other.Channel.select([[new Channel(), 1]]),
      ]) {
        try { call(); refusals.push('taken') } catch ({ code, message }) { refusals.push(code + ': ' + message) }
      }
      const { schedule } = load('@greenhouse/scheduler')
      const works = await schedule(async () => {
        const lock = new other.Lock()
        await lock.acquire()
        return new other.Condition(lock).locked
      }).join()
      say([works, ...refusals])`)
    const of = (first: string, second: string) =>
      expect.stringMatching(
        new RegExp(`^GH_VERSION: A list of waiters of .*${first}\\) was handed to .*${second}\\)`),
      ) as string
    const [here, there] = ['dist/[^/]*\\.js', 'dist/[^/]*\\.cjs']
    expect(seen).toEqual([true, of(there, here), of(here, there), of(there, here), of(here, there)])
  })
})

describe('the module registry of a test runner', () => {
  const config = (pool: string, isolate: boolean) => `
    export default {
      test: {
        pool: '${pool}', isolate: ${isolate}, maxWorkers: 1, fileParallelism: false, include: ['*.check.mjs'],
        server: { deps: { inline: [/greenhouse/] } },
      },
    }`
  const check = `
    import { appendFileSync } from 'node:fs'
    import { expect, it, vi } from 'vitest'
    import * as scheduler from '@greenhouse/scheduler'
    import { Lock, Queue } from '@greenhouse/util'

    it('works', async () => {
      const queue = new Queue()
      const got = scheduler.schedule(function* () { return yield* queue.get() })
      await queue.put('item')
      expect(await got.join()).toBe('item')
    })

    it('has one kernel with a copy of its own', async () => {
      vi.resetModules()
      const [again, { Lock: OtherLock }] = [await import('@greenhouse/scheduler'), await import('@greenhouse/util')]
      expect(OtherLock).not.toBe(Lock)
      expect(again.schedule).toBe(scheduler.schedule)
      const lock = new OtherLock()
      await scheduler.schedule(() => lock.acquire()).join()
      expect(lock.locked).toBe(true)
    })

    it('has one kernel with the copies of files before, where they share a global object', () => {
      globalThis.kernels ??= []
      globalThis.kernels.push(scheduler.schedule)
      expect(new Set(globalThis.kernels).size).toBe(1)
      appendFileSync('kernels', String(globalThis.kernels.length))
    })`

  it.each([
    ['forks', true, /^11$/],
    ['forks', false, /^12$/],
    // One worker may give several files the same context.
    ['vmThreads', true, /^1[12]$/],
  ] as const)('loads copies of it: %s, isolated: %s', async (pool, isolate, kernels) => {
    await writeFile(join(folder, 'vitest.config.mjs'), config(pool, isolate))
    await writeFile(join(folder, 'a.check.mjs'), check)
    await writeFile(join(folder, 'b.check.mjs'), check)
    await rm(join(folder, 'kernels'), { force: true })
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const args = [vitest, 'run', '--reporter=json', '--outputFile=report.json']
    await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) =>
        expect.unreachable(stdout + stderr),
    )
    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as object
    expect(report).toMatchObject({ numPassedTests: 6, numTotalTests: 6, success: true })
    expect(await readFile(join(folder, 'kernels'), 'utf8')).toMatch(kernels)
  })
})
