// The report at exit, as a process writes it: contract 8.
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'

interface Ended {
  readonly code: number | null
  readonly stderr: string
}

function run(program: string, env: Record<string, string> = {}): Promise<Ended> {
  const args = ['--conditions=@greenhouse/source', '--import', 'tsx', '--input-type=module', '-e']
  const imports = `
    import { greenlet, Group, pause, pauseFor, schedule } from '@greenhouse/scheduler'
    import { Condition, Counter, Lock, Queue, Thread } from '@greenhouse/util'
    `
  const child = spawn(process.execPath, [...args, imports + program], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stderr }))
  })
}

const DEADLOCK = `
  const [one, two] = [new Lock({ name: 'one' }), new Lock({ name: 'two' })]
  for (const [name, first, second] of [['left', one, two], ['right', two, one]]) {
    schedule(greenlet(async () => {
      await first.acquire()
      await pause()
      await second.acquire()
    }, { name }))
  }
`

const WORKERS = `
  const queue = new Queue()
  for (let i = 0; i < 3; i++) schedule(async function worker() { for (;;) await queue.get() })
  await queue.put(1)
`

describe('the report at exit', () => {
  it('says who waits for what, since when, and who holds it', { timeout: 60_000 }, async () => {
    const [deadlock, others] = await Promise.all([
      run(DEADLOCK),
      run(`
        const counter = new Counter(1)
        const condition = new Condition()
        schedule(async function counting() { await counter.wait() })
        schedule(function* told() { yield* condition.acquire(); yield* condition.wait() })
        const thread = new Thread(async () => { await counter.wait() })
        thread.start()
        schedule(async function joining() { await thread.join() })
        Group.run((group) => { group.schedule(async function child() { await counter.wait() }) })`),
    ])
    expect(deadlock).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^greenhouse: .*\n.*"left" waits for Lock\.acquire on "two" for \d+ ms, held by greenlet (\d+) "right"\n.*"right" waits for Lock\.acquire on "one" for \d+ ms, held by greenlet \d+ "left"\n$/,
      ) as string,
    })
    for (const waiting of [
      /"main" waits for Group\.run/,
      /"counting" waits for Counter\.wait/,
      /"told" waits for .*Condition\.wait/,
      /"joining" waits for Thread\.join/,
      /"child" waits for Counter\.wait/,
    ]) {
      expect(others.stderr).toMatch(waiting)
    }
  })

  it('is silent where it would be a false alarm', { timeout: 60_000 }, async () => {
    const silent = { code: 0, stderr: '' }
    expect(
      await Promise.all([
        run(WORKERS),
        run(`${DEADLOCK} await pauseFor(1); process.exit(0)`),
        run(DEADLOCK, { GREENHOUSE_REPORT: 'off' }),
        run(`
          const lock = new Lock()
          await lock.acquire()
          schedule(greenlet(() => lock.acquire(), { daemon: true }))
          await pause()`),
      ]),
    ).toEqual([silent, silent, silent, silent])
    expect((await run(WORKERS, { GREENHOUSE_REPORT: 'all' })).stderr).toMatch(
      /"worker" waits for Queue\.get/,
    )
  })
})
