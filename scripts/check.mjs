// `npm run check` and CI: every check, going on after a failure. Tests wait a lot: the other checks run beside them.
// The last line is `N passed, N failed`: each test counts, and each other check counts as one.
import { spawn } from 'node:child_process'
import { npm, root } from './run.mjs'
import { setup } from './setup.mjs'

const BESIDE = [
  'lint',
  'format:check',
  'typecheck',
  'check:packages',
  'check:unused',
  'check:size',
  'api:check',
  'changeset-gate',
]
const failures = []
let passed = 0
let failed = 0

await setup()
await Promise.all([check('test', (chunk) => process.stdout.write(chunk)), checkBeside()])

if (failures.length > 0) console.log(`Failed: ${failures.join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function checkBeside() {
  for (const name of BESIDE) {
    let output = ''
    await check(name, (chunk) => (output += chunk))
    process.stdout.write(output)
  }
}

/** Runs one root script and adds its outcome. */
async function check(name, print) {
  const started = performance.now()
  const { code, lastLine } = await runScript(name, print)
  const counts = /^(\d+) passed, (\d+) failed$/.exec(lastLine)
  passed += counts ? Number(counts[1]) : Number(code === 0)
  failed += counts ? Number(counts[2]) : Number(code !== 0)
  if (code !== 0) failures.push(name)
  print(`\n# ${name}: ${code === 0 ? 'ok' : 'FAILED'} in ${seconds(started)} s\n`)
}

/** Passes the output on and remembers its last line. */
async function runScript(name, print) {
  const { command, prefix } = npm()
  const child = spawn(command, [...prefix, 'run', '--silent', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8')
  child.stdout.on('data', (chunk) => {
    print(chunk)
    output += chunk
  })
  child.stderr.on('data', print)
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, lastLine: output.trimEnd().split('\n').at(-1) }
}

function seconds(started) {
  return ((performance.now() - started) / 1000).toFixed(1)
}
