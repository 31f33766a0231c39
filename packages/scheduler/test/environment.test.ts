import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Runs a program with switches in its environment until its stderr says all that is expected, then stops it. */
function stderrOf(
  env: Record<string, string>,
  program: string,
  ...expected: RegExp[]
): Promise<string> {
  const args = ['--conditions=@greenhouse/source', '--import', 'tsx', '--input-type=module', '-e']
  const child = spawn(process.execPath, [...args, program], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (expected.every((pattern) => pattern.test(text))) child.kill('SIGKILL')
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', () => resolve(text))
  })
}

describe('switches in the environment', () => {
  it('record places, write the dump on a signal, and watch the event loop', async () => {
    const expected = [
      /"sleeper" async, blocked\n +waits for pauseFor for \d+ ms, at .*sleeper/,
      /spawned at .*\[eval1?\]/,
      /greenhouse: greenlet \d+ "hog" has held the event loop for \d+ ms\n +at spin /,
    ]
    const text = await stderrOf(
      { GREENHOUSE_SITES: '1', GREENHOUSE_DUMP_SIGNAL: 'SIGUSR2', GREENHOUSE_MONITOR: '40' },
      `import { pause, pauseFor, schedule } from '@greenhouse/scheduler'
      function spin(ms) {
        const untilMs = performance.now() + ms
        while (performance.now() < untilMs);
      }
      schedule(async function sleeper() { await pauseFor(60_000) })
      await pause()
      process.kill(process.pid, 'SIGUSR2')
      schedule(async function hog() {
        for (;;) { await pauseFor(20); spin(200) }
      })`,
      ...expected,
    )
    for (const pattern of expected) expect(text).toMatch(pattern)
  })

  it('change nothing where they are not set, and say so where they cannot be heeded', async () => {
    const program = `import { schedule } from '@greenhouse/scheduler'
      process.once('SIGUSR2', () => {})
      process.kill(process.pid, 'SIGUSR2')
      await schedule(() => 1).join()`
    const [none, wrong] = await Promise.all([
      stderrOf({}, program),
      stderrOf({ GREENHOUSE_MONITOR: 'often' }, program),
    ])
    expect(none).toBe('')
    expect(wrong).toMatch(/GREENHOUSE_MONITOR=often is not heeded: Expected `options.thresholdMs`/)
  })
})
