// Runs a suite: each contender in a fresh child process, and the contenders in turn (A B C A B C …), so that whatever else the
// machine does hits all of them alike.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** A contender that takes longer has hung. */
const LONGEST_MS = 120_000

const child = join(import.meta.dirname, 'child.mjs')

/**
 * Gives, by case, contender and figure, the values of all rounds; the failures; and who could not take part, with the reason.
 *
 * `wanted(contenderName)` picks contenders, `progress(text)` hears what is going on.
 */
export async function runSuite(name, suite, { rounds, quick, wanted, progress }) {
  const results = {}
  const failures = []
  const { present, skipped } = whoIsThere(suite.contenders.filter(({ name: row }) => wanted(row)))
  for (const caseName of Object.keys(suite.cases)) {
    const contenders = present.filter((contender) => contender.cases?.includes(caseName) ?? true)
    const ofCase = (results[caseName] = {})
    for (let round = 1; round <= rounds; round++) {
      for (const contender of contenders) {
        progress(`${name}: ${caseName}, round ${round} of ${rounds}: ${contender.name}`)
        const { figures, failure } = await measure(name, caseName, contender.name, quick)
        if (failure !== undefined) failures.push({ case: caseName, row: contender.name, failure })
        else addTo((ofCase[contender.name] ??= {}), figures)
      }
    }
  }
  return { results, failures, skipped }
}

function whoIsThere(contenders) {
  const skipped = []
  const present = contenders.filter(({ name: row, missing }) => {
    const reason = missing?.()
    if (reason !== undefined) skipped.push({ row, reason })
    return reason === undefined
  })
  return { present, skipped }
}

async function measure(suiteName, caseName, contenderName, quick) {
  const args = ['--expose-gc', child, suiteName, caseName, contenderName]
  if (quick) args.push('quick')
  const running = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  })
  const ended = once(running, 'close')
  const [output, errors] = await Promise.all([text(running.stdout), text(running.stderr)])
  const [code, signal] = await ended
  if (code === 0 && output !== '') return { figures: JSON.parse(output) }
  return { failure: `exit ${code ?? signal}: ${errors.trim().slice(-2000)}` }
}

function addTo(values, figures) {
  for (const [key, value] of Object.entries(figures)) (values[key] ??= []).push(value)
}
