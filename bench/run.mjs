// The benchmarks of greenhouse as it ships, against the least code that does the job, against the shape of its kernel, and
// against other packages. `npm run bench` builds first. How to read it: docs/benchmarks.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isRatio } from './harness/goals.mjs'
import { format, goalText, judgeAll, report, table } from './harness/report.mjs'
import { installRivals, rivalVersions } from './harness/rivals.mjs'
import { runSuite } from './harness/run-suite.mjs'

const SUITES = [
  'switch',
  'spawn',
  'queue',
  'lock',
  'map',
  'timers',
  'context',
  'await',
  'echo',
  'fan-out',
]

const USAGE = `npm run bench -- [options]

  --suite NAME   only this suite: ${SUITES.join(', ')}; may be repeated
  --only TEXT    only contenders whose names have this in them; may be repeated
  --rounds N     how many child processes for each contender (default 5; 2 when quick)
  --quick        a fifth of the work, for a look while working
  --json FILE    writes every value to a file
  --help         shows this`

const options = parseOptions()
if (options !== null) await main(options)

async function main({ suites, only, rounds, quick, json }) {
  installRivals()
  const machine = describeMachine()
  console.log(`${machineLine(machine)}\n${quick ? 'quick, ' : ''}${rounds} rounds, medians\n`)
  const started = performance.now()
  const all = { machine, quick, rounds, startedAt: new Date().toISOString(), suites: {} }
  const misses = []
  let failed = 0
  for (const name of suites) {
    const { suite } = await import(`./${name}.mjs`)
    const { results, failures, skipped } = await runSuite(name, suite, {
      rounds,
      quick,
      wanted: (row) => only.length === 0 || only.some((text) => row.includes(text)),
      progress,
    })
    progress('')
    console.log(`${report(suite, results)}\n`)
    for (const { row, reason } of skipped) console.log(`${row} was skipped: ${reason}\n`)
    for (const { case: name, row, failure } of failures)
      console.log(`${row}, ${name}: ${failure}\n`)
    const goals = judgeAll(suite, results)
    misses.push(
      ...goals.filter(({ reached }) => !reached).map((goal) => ({ suite: name, ...goal })),
    )
    failed += failures.length
    all.suites[name] = { results, goals, failures, skipped }
  }
  const goals = Object.values(all.suites).flatMap((suite) => suite.goals)
  console.log(`## Goals: ${goals.length - misses.length} of ${goals.length} reached\n`)
  if (misses.length > 0) console.log(`${missTable(misses)}\n`)
  console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(all, null, 1)}\n`)
  if (failed > 0) process.exitCode = 1
}

function missTable(misses) {
  return table(
    ['missed', 'figure', 'row', 'measured', 'goal'],
    misses.map(({ suite, figure, row, measured, goal, scale }) => [
      suite,
      figure,
      row,
      isRatio(goal) ? `${format(measured)}x` : format(measured),
      goalText(goal, scale),
    ]),
  )
}

function parseOptions() {
  try {
    const { values } = parseArgs({
      options: {
        suite: { type: 'string', multiple: true, default: SUITES },
        only: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      return null
    }
    const unknown = values.suite.find((name) => !SUITES.includes(name))
    if (unknown !== undefined) throw new Error(`There is no suite ${unknown}`)
    const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds wants a whole number')
    return { ...values, suites: values.suite, rounds }
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
    process.exitCode = 2
    return null
  }
}

/** On a terminal, one line that is overwritten. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function describeMachine() {
  const processors = cpus()
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../packages/scheduler/package.json'), 'utf8'),
  )
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    scheduler: version,
    rivals: rivalVersions(),
  }
}

function machineLine({ cpu, cores, memoryGiB, platform, node, v8, scheduler, rivals }) {
  return [
    `Node ${node} (V8 ${v8}) on ${platform}, ${cores} cores (${cpu}), ${memoryGiB} GiB`,
    `@greenhouse/scheduler ${scheduler}; ${rivals}`,
  ].join('\n')
}
