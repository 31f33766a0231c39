// Tables of what was measured, in Markdown that is aligned for terminals.
import { isRatio, judge, ratioFor, TOLERANCE } from './goals.mjs'
import { median } from './measure.mjs'

const SUBJECT = 'greenhouse'

/** The goals of one suite: `{ goal, row, measured, verdict, … }` each. */
export function judgeAll(suite, results) {
  const judged = []
  for (const figure of figuresOf(suite)) {
    for (const { name } of suite.contenders) {
      const goal = goalOf(suite, figure, name)
      if (goal === undefined) continue
      const outcome = judgeRow(suite, figure, name, goal, results)
      if (outcome !== null) judged.push({ figure: figure.title, row: name, goal, ...outcome })
    }
  }
  for (const line of derivedLines(suite, results)) {
    if (line.goal !== undefined) judged.push({ figure: 'derived', row: line.title, ...line })
  }
  return judged
}

/** All tables of a suite, as text. */
export function report(suite, results) {
  const parts = [`## ${suite.title}`]
  for (const figure of figuresOf(suite)) {
    const rows = suite.contenders.flatMap(({ name }) => rowOf(suite, figure, name, results))
    if (rows.length > 0)
      parts.push(`### ${figure.title}, ${figure.unit}`, table(headOf(figure), rows))
  }
  const derived = derivedLines(suite, results)
  if (derived.length > 0)
    parts.push('### Derived', table(['what', 'measured', 'goal', ''], rowsOf(derived)))
  return parts.join('\n\n')
}

/** Cells as an aligned Markdown table: the first column to the left, the others to the right. */
export function table(head, rows) {
  const widths = head.map((cell, i) => Math.max(3, ...[head, ...rows].map((row) => row[i].length)))
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** One table each: the cases, and where a case gives several figures, those. */
function figuresOf(suite) {
  return Object.entries(suite.cases).flatMap(([name, { figures }]) =>
    figures === undefined
      ? [{ id: name, case: name, key: 'wall', title: name, unit: suite.unit, cpu: 'cpu' }]
      : Object.entries(figures).map(([key, figure]) => ({
          id: `${name}/${key}`,
          case: name,
          key,
          ...figure,
        })),
  )
}

function headOf({ cpu }) {
  const head = ['contender', 'median', 'min – max', 'greenhouse', 'goal', '']
  return cpu === undefined ? head : head.toSpliced(3, 0, 'CPU')
}

function rowOf(suite, figure, name, results) {
  const values = valuesOf(results, figure.case, name, figure.key)
  if (values === undefined) return []
  const goal = goalOf(suite, figure, name)
  const outcome = goal === undefined ? null : judgeRow(suite, figure, name, goal, results)
  const row = [
    name,
    format(median(values)),
    `${format(Math.min(...values))} – ${format(Math.max(...values))}`,
    ratioText(results, figure, name),
    goal === undefined ? '' : goalText(goal, scaleOf(suite, figure, results)),
    outcome?.verdict ?? '',
  ]
  if (figure.cpu === undefined) return [row]
  const cpu = valuesOf(results, figure.case, name, figure.cpu)
  return [row.toSpliced(3, 0, format(median(cpu)))]
}

/** How greenhouse compares with a row. */
function ratioText(results, figure, name) {
  const ratio = costOf(results, figure, SUBJECT) / costOf(results, figure, name)
  if (name === SUBJECT || !Number.isFinite(ratio) || ratio === 0) return ''
  return ratio > 1 ? `${format(ratio)}x dearer` : `${format(1 / ratio)}x cheaper`
}

function goalOf(suite, { id }, name) {
  return suite.goals[id]?.[name]
}

function judgeRow(suite, figure, name, goal, results) {
  const own = costOf(results, figure, SUBJECT)
  const other = costOf(results, figure, name)
  if (!Number.isFinite(own + other)) return null
  if (!isRatio(goal)) {
    const scale = scaleOf(suite, figure, results)
    return { measured: own, scale, ...judge(goal, own, { scale }) }
  }
  const measured = ratioFor(goal, own, other)
  // The goal against the shape is a tolerance already.
  return { measured, ...judge(goal, measured, { tolerance: name === 'shape' ? 1 : TOLERANCE }) }
}

/** Times set on another machine count by how much slower the limit is on this one. */
function scaleOf(suite, figure, results) {
  const there = suite.limitThere?.[figure.id]
  if (there === undefined) return 1
  const limit = suite.contenders.find(({ name }) => name.startsWith('limit'))
  const here = costOf(results, { ...figure, case: there.case ?? figure.case }, limit.name)
  return Number.isFinite(here) ? here / (there.ns ?? there) : 1
}

/** With what a time comes to on this machine. */
export function goalText(goal, scale = 1) {
  if (isRatio(goal) || scale === 1) return goal
  return `${goal} (here ${format(Number(goal.slice(3)) * scale)})`
}

function derivedLines(suite, results) {
  const figures = figuresOf(suite)
  const cost = (caseName, name, key = 'wall') => {
    const figure = figures.find((one) => one.case === caseName && one.key === key)
    return costOf(results, figure, name)
  }
  return (suite.derived ?? []).flatMap(({ title, goal, value, limitThere: there }) => {
    const measured = value(cost)
    if (!Number.isFinite(measured)) return []
    if (goal === undefined) return [{ title, measured }]
    const scale = there === undefined ? 1 : cost(there.case, there.row) / there.ns
    return [{ title, goal, scale, measured, ...judge(goal, measured, { scale }) }]
  })
}

function rowsOf(derived) {
  return derived.map(({ title, goal, scale, measured, verdict = '' }) => [
    title,
    format(measured),
    goal === undefined ? '' : goalText(goal, scale),
    verdict,
  ])
}

/**
 * What counts: the smaller of wall time and CPU time, since other programs lengthen the one and V8's helper threads the other.
 * NaN when it was not measured.
 */
function costOf(results, { case: caseName, key, cpu }, name) {
  const [value, time = value] = [key, cpu].map((each) => {
    const values = valuesOf(results, caseName, name, each)
    return values === undefined ? undefined : median(values)
  })
  return value === undefined ? NaN : Math.min(value, time)
}

function valuesOf(results, caseName, name, key) {
  return results[caseName]?.[name]?.[key]
}

/** Three digits. */
export function format(number) {
  if (number === 0) return '0'
  if (Math.abs(number) >= 99.95) return Math.round(number).toLocaleString('en')
  return number.toPrecision(Math.abs(number) >= 1 ? 3 : 2)
}
