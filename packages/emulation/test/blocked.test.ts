// Why a call really blocked, and where it stands.
import fs from 'node:fs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { callGreen, installRuntime } from '../src/rt/index.ts'
import { installPrimitives } from '../src/rt/install.ts'
import { blockedPlaces, forgetBlocked } from '../src/blocked/account.ts'
import { compiledMain, FILE } from './helpers/compiled.ts'

/** Program, category, words of the reason, line of the call that blocks. */
const cases: readonly (readonly [string, string, string, string])[] = [
  [
    'callback',
    'a callback of Array.sort',
    'comparator',
    `return [2, 1].sort((a, b) =>
    op(a) - b)`,
  ],
  [
    'callback',
    'a callback of JSON.parse',
    'reviver',
    `return JSON.parse('1', (_, x) =>
    op(x))`,
  ],
  [
    'callback',
    'a callback of RegExp.[Symbol.replace]',
    'replacer that is called by plain code',
    `const o = { [Symbol.replace]: 1 }; return RegExp.prototype[Symbol.replace].call(/a/, 'a', () =>
    op('b'))`,
  ],
  [
    'accessor',
    'inner: getter or setter',
    'getter',
    `const o = { get inner() { return [1].map(() =>
    op(1)) } }; return o.inner`,
  ],
  [
    'proxy trap',
    'get of a Proxy',
    'trap',
    `const p = new Proxy({}, { get(o, k) {
    return op(k) } }); return p.x`,
  ],
  [
    'coercion',
    'toString of an object',
    'toString',
    `const o = { toString() {
    return op('s') } }; return \`\${o}\``,
  ],
  [
    'coercion',
    'valueOf of an object',
    'valueOf',
    `const o = { valueOf() {
    return op(1) } }; return o + 1`,
  ],
  [
    'coercion',
    'toJSON of an object',
    'toJSON',
    `const o = { toJSON() {
    return op(1) } }; return JSON.stringify(o)`,
  ],
  [
    'iterator',
    'next of an iterator',
    'step of a builtin',
    `const o = { [Symbol.iterator]() { let n = 0; return { next() {
    return { done: n++ > 1, value: op(1) } } } } }; return new Set(o)`,
  ],
  [
    'iterator',
    'next of an iterator',
    'pattern',
    `const o = { [Symbol.iterator]: () => ({ next() {
    return { done: false, value: op(1) } } }) }; const [a] = o; return a`,
  ],
  [
    'iterator',
    'next of a generator',
    'generator',
    `function* g() {
    yield op(1) }
    return Uint8Array.from(g()).length`,
  ],
  [
    'function',
    'dynamic: direct eval or with',
    'direct eval',
    `function dynamic(f) { eval(''); return f() }
    return dynamic(() => op(1))`,
  ],
  [
    'constructor',
    'the constructor of A',
    'constructor',
    `class A { constructor() {
    op(1) } }
    return Array.of.call(A)`,
  ],
]

describe('A block', () => {
  beforeAll(() => {
    installRuntime()
    installPrimitives()
  })
  afterEach(() => forgetBlocked())

  it.each(cases)('is explained: %s, %s (%s)', async (category, reason, _name, body) => {
    // A primitive: frames of this file would be those of a program.
    const { existsSync: op } = fs
    const main = compiledMain(`function main() {\n${body}\n}`, { op })
    await callGreen(main, undefined, [])
    const [place] = blockedPlaces()
    const lines = `function main() {\n${body}`.split('\n')
    const line = lines.findIndex((text) => text.includes('op(')) + 1
    const column = lines[line - 1]!.indexOf('op(') + 1
    expect(place).toMatchObject({ category, reason, site: `${FILE}:${line}:${column}` })
  })
})
