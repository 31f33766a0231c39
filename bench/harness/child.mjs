// node --expose-gc bench/harness/child.mjs SUITE CASE CONTENDER [quick]: measures one contender in one case, once, and prints
// its figures as JSON. Add --cpu-prof for a profile.
import { timed } from './measure.mjs'

const [suiteName, caseName, contenderName, mode] = process.argv.slice(2)
const quick = mode === 'quick'
const { suite } = await import(new URL(`../${suiteName}.mjs`, import.meta.url).href)
const parameters = { name: caseName, ...suite.cases[caseName] }
const contender = suite.contenders.find(({ name }) => name === contenderName)
const { scale = 1 } = contender
const share = (typeof scale === 'function' ? scale(parameters) : scale) * (quick ? 0.2 : 1)
const ops = Math.max(1, Math.round(parameters.ops * share))
const options = { repeats: 3, contender }

const run = await contender.load(parameters)
const figures =
  suite.measure === undefined
    ? await timed((n) => run(n, parameters), ops, {
        ...options,
        verify: (result, n) => suite.verify(result, n, parameters),
      })
    : await suite.measure(run, ops, { ...parameters, ...options })
process.stdout.write(JSON.stringify(figures), () => process.exit())
