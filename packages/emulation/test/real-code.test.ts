// Parsers of other people, suspended inside at every token and event: same result as natively.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { schedule } from '@greenhouse/scheduler'
import { describe, expect, it } from 'vitest'
import { compileModule } from '../src/compile/index.ts'
import { attachTwin, callGreen, runtime, suspend } from '../src/rt/index.ts'
import { operation } from './mask.ts'

const manifest = join(import.meta.dirname, '../../../corpus/blocking/package.json')
const isInstalled = existsSync(join(manifest, '../node_modules/acorn'))
if (!isInstalled && process.env['GREENHOUSE_SERVICES'] === 'required') {
  throw new Error('The corpus is missing: node scripts/corpus.mjs blocking')
}
const require = createRequire(manifest)

type Exports = Record<string, (...args: unknown[]) => unknown>

/** Loads a file green. */
function loadGreen(path: string): Exports {
  const { code } = compileModule(readFileSync(path, 'utf8'), { file: path, kind: 'script' })
  const module = { exports: {} as Exports }
  // oxlint-disable-next-line typescript/no-implied-eval
  const wrapper = new Function('exports', 'require', 'module', '$_G', code) as (
    ...args: unknown[]
  ) => void
  wrapper(module.exports, require, module, runtime)
  return module.exports
}

/** A callback that records its calls, and suspends whoever calls it. */
function suspending(record: (...args: unknown[]) => void): {
  fn: (...args: unknown[]) => unknown
  count(): number
} {
  let count = 0
  const fn = (...args: unknown[]): unknown => record(...args)
  attachTwin(fn, (...args) => {
    record(...args)
    count++
    return suspend(operation(undefined))
  })
  return { fn, count: () => count }
}

function inGreenlet(fn: (...args: unknown[]) => unknown, args: unknown[]): PromiseLike<unknown> {
  return schedule(function* () {
    return yield* callGreen(fn, undefined, args)
  }).join()
}

describe.skipIf(!isInstalled)('Real code', () => {
  it('suspends acorn at every token', async () => {
    const path = require.resolve('acorn')
    const source = readFileSync(path, 'utf8')
      .slice(0, 12_000)
      .replace(/\n {2}[^\n]*$/, '')
    const program = `function sample(a, {b = 1, ...c}) { for (const x of a) { if (x?.y) return \`\${b}\`; else x.z ??= /re/g } }\nclass K extends sample { #p = 1; get q() { return this.#p } }`
    const native = require('acorn') as Exports
    const green = loadGreen(path)
    for (const text of [program, source.slice(0, source.lastIndexOf('\n\n'))]) {
      const want: unknown[] = []
      const got: unknown[] = []
      const note = (into: unknown[]) => (token: unknown) => {
        const { start, end, value } = token as Record<string, unknown>
        into.push([start, end, String(value)])
      }
      const parse = (lib: Exports, onToken: unknown): unknown =>
        lib['parse']!(text, { ecmaVersion: 2022, onToken })
      let wanted: string
      try {
        wanted = JSON.stringify(parse(native, note(want)))
      } catch (error) {
        wanted = (error as Error).message
      }
      const { fn, count } = suspending(note(got))
      let given: string
      try {
        given = JSON.stringify(
          await inGreenlet(green['parse']!, [text, { ecmaVersion: 2022, onToken: fn }]),
        )
      } catch (error) {
        given = (error as Error).message
      }
      expect(given).toBe(wanted)
      expect(got).toEqual(want)
      expect(count()).toBe(want.length)
    }
  })

  it('suspends js-yaml at every event', async () => {
    const native = require('js-yaml') as Exports
    const green = loadGreen(join(require.resolve('js-yaml/package.json'), '../dist/js-yaml.js'))
    const text = `a: &x [1, 2.5, .inf, ~, "q\\n", 'p']\nb: *x\nc:\n  - {k: v, <<: {m: 1}}\n  - |\n    text\n    more\n  - >-\n    folded\n    line\nd: 2001-12-14t21:59:43.10-05:00\ne: !!set {x, y}\n`
    const want: unknown[] = []
    const got: unknown[] = []
    const note = (into: unknown[]) => (kind: unknown, state: unknown) => {
      into.push([kind, (state as { position: number }).position])
    }
    const wanted = native['load']!(text, { listener: note(want) })
    const { fn, count } = suspending(note(got))
    expect(await inGreenlet(green['load']!, [text, { listener: fn }])).toEqual(wanted)
    expect(got).toEqual(want)
    expect(count()).toBe(want.length)
    await expect(inGreenlet(green['load']!, ['a: [', { listener: fn }])).rejects.toMatchObject({
      name: 'YAMLException',
    })
    expect(await inGreenlet(green['dump']!, [wanted])).toBe(native['dump']!(wanted))
  })

  it('suspends mustache in its lambdas', async () => {
    const path = require.resolve('mustache')
    const native = require('mustache') as Exports
    const green = loadGreen(path)
    const template =
      '{{#list}}<{{name}}:{{#up}}x{{name}}{{/up}}>{{/list}}{{^none}}no{{/none}}{{>part}}'
    const view = (up: unknown) => ({ list: [{ name: 'a' }, { name: 'b&' }], up: () => up })
    const lambda = (text: unknown, render: unknown): string =>
      (render as (text: unknown) => string)(text).toUpperCase()
    const partials = { part: '[{{list.length}}]' }
    const wanted = native['render']!(template, view(lambda), partials)
    let count = 0
    const fn = (text: unknown, render: unknown): string => lambda(text, render)
    attachTwin(fn, (text, render) => {
      count++
      const result = lambda(text, render)
      return suspend(operation(result))
    })
    expect(await inGreenlet(green['render']!, [template, view(fn), partials])).toBe(wanted)
    expect(count).toBe(2)
  })
})
