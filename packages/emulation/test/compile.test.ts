// What the compiler says of a module, and what its output looks like from outside.
import { compileFunction } from 'node:vm'
import { addMapping, GenMapping, toEncodedMap } from '@jridgewell/gen-mapping'
import { eachMapping, originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import { describe, expect, it } from 'vitest'
import { compileModule } from '../src/compile/index.ts'
import { attachTwin, callGreen, runtime, suspend } from '../src/rt/index.ts'
import { operation } from './mask.ts'

const script = (source: string) => compileModule(source, { file: '/app/x.js', kind: 'script' })

describe('compileModule', () => {
  it('throws a SyntaxError with the position in the source', () => {
    expect(() => script('let a = 1\nlet b = (')).toThrow(
      expect.objectContaining({ name: 'SyntaxError', loc: { line: 2, column: 9 } }),
    )
  })

  it('lists functions without a twin, with place and reason', () => {
    const { functions } = script(
      'function a(x) { return eval(x) }\nconst o = {\n  get b() { return a(1) },\n}',
    )
    expect(functions).toEqual([
      { name: 'a', line: 1, column: 1, reason: 'direct eval or with' },
      { name: '', line: 3, column: 8, reason: 'getter or setter' },
    ])
  })

  it('costs only its own function the twin where a direct eval stands', () => {
    const { functions, code } = script(
      'function a(x) { return eval(x) }\nfunction b() { return a("1") + c() }\nfunction c() { return b }',
    )
    expect(functions.map(({ name }) => name)).toEqual(['a'])
    expect(code).toContain('return eval(x)')
  })

  it('leaves what cannot block as it stands', () => {
    const source = '// head\nconst a = 1\nfunction b(x) { return x + a }\n'
    expect(script(source).code).toBe(source)
  })

  it('grows with nesting as the source does', () => {
    const nest = (depth: number, open: string, close: string): number => {
      let source = 'op(0)'
      for (let i = 0; i < depth; i++)
        source = open.replaceAll('#', String(i)) + source + close.replaceAll('#', String(i))
      return script(source).code.length
    }
    const forms = [
      ['function f#(a) { op(a); ', '; return f# }'],
      ['const f# = (a) => { op(a); ', '; return f# }'],
      ['op(function (a) { op(a); ', '; return op(a) })'],
      ['class K# { m(a) { op(a); ', '; return op(a) } }'],
      ['[1].map((x) => { for (const y of [x]) { op(y); ', ' } })'],
    ] as const
    for (const [open, close] of forms) {
      const [five, ten, fifty] = [5, 10, 50].map((depth) => nest(depth, open, close))
      const perLevel = (ten! - five!) / 5
      // Linear: fifty levels add what ten times five levels add, give or take the growing numbers.
      expect(fifty! - ten!).toBeLessThan(perLevel * 40 * 1.3)
    }
  })

  it('keeps a hashbang line out of the way', () => {
    const { code } = script('#!/usr/bin/env node\nmodule.exports = () => op(1)')
    expect(code).toMatch(/^const\{.*\/\/\/usr\/bin\/env node\n;module\.exports/)
  })

  it('imports the runtime of an ES module before everything, and keeps its exports', () => {
    const { code } = compileModule(
      "import { x } from './x.js'\nexport default function () { return x() }\nexport function f() { return x() }\nexport const g = () => x()\nexport class K { m() { return x() } }",
      { file: 'file:///app/x.js', kind: 'module' },
    )
    expect(code).toMatch(/^import\{[^}]*\}from"data:text\/javascript,/)
    expect(code).toContain('export function f(')
    expect(code).toContain('export const g = ')
    expect(code).toContain('export class K')
  })

  it('lets exports stand before what they name', () => {
    const source = 'export { f, K as L }\nconst f = () => op(1)\nclass K { m() { return f() } }'
    const compiled = compileModule(source, { file: 'file:///app/x.js', kind: 'module' })
    expect([compiled.functions, compiled.code]).toEqual([
      [],
      expect.stringContaining('export { f, K as L }'),
    ])
  })

  it('tells which globals a module reads and never assigns', () => {
    const source = `import { a } from 'a'
      export { a as process }
      const b = (c, { Map }) => [a, c, Map, fetch, typeof window]
      fetch.x = [{ console: 1 }, assigned];
      [assigned, { x: unread }] = [1, {}]
      label: for (counted of []) { counted++; continue label }
      function Buffer() { var URL; return URL }
      new Buffer()`
    const { globals } = compileModule(source, { file: 'file:///app/x.js', kind: 'module' })
    expect(globals).toEqual(['fetch', 'window'])
  })

  const source = `function main() {
  const a = op(1)
  const b = [a].map((x) => {
    return inner(x)
  })
  return b
}
function inner(x) {
  op(x)
  throw new Error('here')
}
main`

  it.each([true, false])(
    'maps the place of an error, suspended before it: %s',
    async (isSuspended) => {
      const { code, map } = script(source)
      const op = (x: unknown): unknown => x
      attachTwin(op, (x) => (isSuspended ? suspend(operation(x)) : x))
      const run = compileFunction(`${code}\nreturn main`, ['$_G', 'op'], { filename: '/app/x.js' })
      const main = run(runtime, op) as () => unknown
      const error = (await callGreen(main, undefined, []).then(
        () => null,
        (thrown: unknown) => thrown,
      )) as Error
      const [, line, column] = /\/app\/x\.js:(\d+):(\d+)/.exec(error.stack!)!
      const trace = new TraceMap(map)
      expect(
        originalPositionFor(trace, { line: Number(line), column: Number(column) - 1 }),
      ).toMatchObject({ source: '/app/x.js', line: 10 })
    },
  )

  it('maps on to what a file was made of, where it says so itself', () => {
    const inner = new GenMapping({ file: '/app/made.js' })
    for (const [column, line] of [
      [0, 3],
      [9, 7],
    ] as const) {
      addMapping(inner, {
        generated: { line: 1, column },
        source: '/app/x.ts',
        original: { line, column: 2 },
      })
    }
    const encoded = Buffer.from(JSON.stringify(toEncodedMap(inner))).toString('base64')
    const made = `let a=1;;op(a)\n//# sourceMappingURL=data:application/json;base64,${encoded}`
    const ahead = 'wrap(function(){'
    const { code, map } = compileModule(`${ahead}${made}\n})`, {
      file: '/app/made.js',
      kind: 'script',
      own: [ahead.length, ahead.length + made.length],
    })
    const places = new Set<string>()
    eachMapping(new TraceMap(map), ({ generatedLine, generatedColumn, source, originalLine }) => {
      const text = code.split('\n')[generatedLine - 1]!.slice(generatedColumn)
      const word = /^(?:a|op)\b/.exec(text)?.[0]
      if (word !== undefined) places.add(`${word} ${source}:${originalLine}`)
    })
    expect([...places].sort()).toEqual(['a /app/x.ts:3', 'op /app/x.ts:7'])
  })
})
