// `npm run check` and CI: every check in turn, going on after a failure.
// The last line is `N passed, N failed`: each test counts, and each other check counts as one.
import { spawn } from 'node:child_process'
import { npm, root } from './run.mjs'
import { setup } from './setup.mjs'

const CHECKS = ['lint', 'format:check', 'typecheck', 'test']
const PACKAGE_CHECKS = ['check:packages', 'check:unused', 'check:size', 'api:check']
const failures = []
let passed = 0
let failed = 0

await setup()
for (const name of [...CHECKS, ...PACKAGE_CHECKS, 'changeset-gate']) await check(name)

if (failures.length > 0) console.log(`Failed: ${failures.join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** Runs one root script and adds its outcome. */
async function check(name) {
  console.log(`\n# ${name}`)
  const started = performance.now()
  const { code, lastLine } = await runScript(name)
  const counts = /^(\d+) passed, (\d+) failed$/.exec(lastLine)
  passed += counts ? Number(counts[1]) : Number(code === 0)
  failed += counts ? Number(counts[2]) : Number(code !== 0)
  if (code !== 0) failures.push(name)
  console.log(`# ${name}: ${code === 0 ? 'ok' : 'FAILED'} in ${seconds(started)} s`)
}

/** Passes the output on and remembers its last line. */
async function runScript(name) {
  const { command, prefix } = npm()
  const child = spawn(command, [...prefix, 'run', '--silent', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    process.stdout.write(chunk)
    output += chunk
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, lastLine: output.trimEnd().split('\n').at(-1) }
}

function seconds(started) {
  return ((performance.now() - started) / 1000).toFixed(1)
}
