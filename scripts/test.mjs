// `npm test`: set-up, then every vitest project. The last line is `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runNode } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
const folder = mkdtempSync(join(tmpdir(), 'greenhouse-test-'))
const report = join(folder, 'report.json')
const code = await runNode([
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
const { passed, failed } = totals(report)
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? code || 1 : 0

/** Counts tests; a file that fails without a failed test, or a run that fails at all, is one failure. */
function totals(file) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
    const brokenFiles = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    const failed = numFailedTests + brokenFiles.length
    return { passed: numPassedTests, failed: Math.max(failed, code === 0 ? 0 : 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
