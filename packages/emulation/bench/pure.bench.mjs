// What green code costs where nothing blocks: the original, the twins and the faces do the same work in turns, in one process.
//   node scripts/corpus.mjs blocking
//   node --import tsx --conditions=@greenhouse/source packages/emulation/bench/pure.bench.mjs
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compileModule } from '../src/compile/index.ts'
import { callGreen, installRuntime, runtime } from '../src/rt/index.ts'

installRuntime()
const require = createRequire(join(import.meta.dirname, '../../../corpus/blocking/package.json'))
const rounds = Number(process.env.ROUNDS ?? 40)
const yaml = readFileSync(
  join(require.resolve('js-yaml/package.json'), '../dist/js-yaml.js'),
  'utf8',
)
const acorn = readFileSync(join(require.resolve('acorn/package.json'), '../dist/acorn.js'), 'utf8')
const mustache = readFileSync(require.resolve('mustache'), 'utf8')
const fib =
  'exports.run = () => fib(25); function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }'
const document = Array.from(
  { length: 200 },
  (_, i) => `k${i}:\n  - {a: ${i}, b: "x\\ny"}\n  - [1, 2, ${i}]\n  - text\n`,
).join('')
const view = { list: Array.from({ length: 100 }, (_, name) => ({ name })) }

const cases = {
  'fib(25)': [fib, 'run', [], 4],
  'js-yaml load': [yaml, 'load', [document], 2],
  'js-yaml dump': [yaml, 'dump', [load(yaml, false).load(document)], 2],
  'acorn parse': [acorn, 'parse', [yaml, { ecmaVersion: 2022 }], 1],
  'mustache render': [mustache, 'render', ['{{#list}}<{{name}}>{{/list}}', view], 20],
}

for (const [name, [source, method, args, times]] of Object.entries(cases)) {
  const native = load(source, false)
  const green = load(source, true)
  const ways = {
    native: () => native[method](...args),
    green: () => callGreen(green[method], green, args),
    face: () => green[method](...args),
  }
  const taken = await measure(ways, times)
  const ratio = (way) => (taken[way] / taken.native).toFixed(2)
  console.log(
    `${name.padEnd(16)} native ${(taken.native / times).toFixed(3)} ms   green x${ratio('green')}   face x${ratio('face')}`,
  )
}

/** The first quartile of the rounds, for each way. */
async function measure(ways, times) {
  const samples = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [way, run] of Object.entries(ways)) {
      const since = performance.now()
      for (let i = 0; i < times; i++) await run()
      if (round >= rounds / 4) samples[way].push(performance.now() - since)
    }
  }
  return Object.fromEntries(
    Object.entries(samples).map(([way, all]) => [way, all.sort((a, b) => a - b)[all.length >> 2]]),
  )
}

function load(source, isGreen) {
  const code = isGreen ? compileModule(source, { file: 'bench.js', kind: 'script' }).code : source
  const module = { exports: {} }
  new Function('exports', 'require', 'module', '$_G', code)(
    module.exports,
    require,
    module,
    runtime,
  )
  return module.exports
}
