import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, schedule, withTimeout, type Blocking, type WaitOptions } from '@greenhouse/scheduler'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Process, runProcess, type ProcessError, type ProcessResult } from '../src/index.ts'
import { alive, descriptors, outcomeOf, program, zombies } from './process-support.ts'

const coded = (code: string) => expect.objectContaining({ code })
const codeOf = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'no error',
    (error: NodeJS.ErrnoException) => error.code,
  )
const text = { encoding: 'utf8' } as const

let folder: string
let file: string
let before = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'greenhouse-process-'))
  file = join(folder, 'pids')
  before = descriptors()
})

afterEach(async () => {
  // Where a test has failed.
  const left = existsSync(file) ? readFileSync(file, 'latin1').match(/\d+/g) : null
  for (const pid of left ?? []) if (alive(Number(pid))) process.kill(Number(pid), 'SIGKILL')
  await rm(folder, { recursive: true })
  expect(zombies()).toEqual([])
  // A stream that has been destroyed closes a turn later.
  await expect.poll(descriptors).toBeLessThanOrEqual(before)
})

afterAll(async () => {
  // What is left of a group is gone when the system's first process has noticed, which may take its time.
  await vi.waitFor(() => expect(watches()).toEqual([]), { timeout: 9000 })
})

const watches = () =>
  ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].filter((event) =>
    process
      .listeners(event as 'SIGINT')
      .some(({ name }) => name === 'atExit' || name === 'atSignal'),
  )

/** The numbers that a script has written to the file, when there are so many. */
async function pids(count: number): Promise<number[]> {
  const read = () =>
    existsSync(file) ? readFileSync(file, 'latin1').trim().split(/\s+/).filter(Boolean) : []
  await expect.poll(() => read().length, { timeout: 10_000 }).toBe(count)
  return read().map(Number)
}

async function gone(...numbers: number[]): Promise<void> {
  await expect.poll(() => numbers.filter(alive), { timeout: 10_000 }).toEqual([])
}

/** A shell with a child of its own, both of which take a while; it writes their numbers to the file. */
const FAMILY = 'sleep 1000 & echo $$ $! > "$0"; wait'
/** The same, deaf to SIGTERM. */
const DEAF = `trap '' TERM; sleep 1000 & echo $$ $! > "$0"; while :; do wait; done`

describe('runProcess', () => {
  it('gives exit code and output', async () => {
    const script = 'echo out; echo err >&2; exit 3'
    expect(await runProcess('sh', ['-c', script], text)).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    const { stdout } = await runProcess('sh', ['-c', script])
    expect(stdout).toEqual(Buffer.from('out\n'))
  })

  it('gives the signal that killed the child', async () => {
    expect(await runProcess('sh', ['-c', 'kill -9 $$'], text)).toMatchObject({
      code: null,
      signal: 'SIGKILL',
    })
  })

  it('works in generator greenlets', async () => {
    const greenlet = schedule(function* () {
      const { stdout } = yield* runProcess('echo', ['hello'], text)
      return stdout
    })
    expect(await greenlet.join()).toBe('hello\n')
  })

  it('gives the child its input, however much, also when it does not read it', async () => {
    const input = 'line\n'.repeat(200_000)
    const { stdout } = await runProcess('cat', [], { ...text, input })
    expect(stdout === input).toBe(true)
    expect(await runProcess('true', [], { input })).toMatchObject({ code: 0 })
    expect((await runProcess('cat', [], { input: Buffer.from([0, 255]) })).stdout).toEqual(
      Buffer.from([0, 255]),
    )
    expect((await runProcess('cat', [], text)).stdout).toBe('')
  })

  it('runs no shell unless told to', async () => {
    const tricky = '$HOME; echo `id` && "x'
    expect((await runProcess('echo', [tricky], text)).stdout).toBe(`${tricky}\n`)
    expect((await runProcess('echo $((1+2))', [], { ...text, shell: true })).stdout).toBe('3\n')
  })

  it('passes folder, environment and name on', async () => {
    const { stdout } = await runProcess('sh', ['-c', 'pwd -P; echo $X'], {
      ...text,
      cwd: folder,
      env: { X: 'yes', PATH: process.env['PATH'] },
    })
    expect(stdout).toMatch(/greenhouse-process-.*\nyes\n$/)
  })

  it('leads the streams elsewhere', async () => {
    const options = { ...text, stdout: 'ignore', stderr: 'ignore' } as const
    expect(await runProcess('sh', ['-c', 'echo x; echo y >&2; cat'], options)).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    const log = await open(file, 'w')
    await runProcess('echo', ['logged'], { stdout: log.fd })
    await log.close()
    expect(readFileSync(file, 'utf8')).toBe('logged\n')
  })

  it('can be stopped in the clean-up of an ended greenlet', async () => {
    const greenlet = schedule(function* () {
      const child = new Process('sh', ['-c', FAMILY, file])
      try {
        yield* child.wait()
      } finally {
        yield* child.stop()
      }
    })
    const numbers = await pids(2)
    end(greenlet)
    expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
    expect(alive(numbers[0]!)).toBe(false)
    await gone(...numbers)
  })

  it("fails with Node's own error when the command cannot be started", async () => {
    await expect(runProcess('greenhouse-no-such-command', ['x'])).rejects.toMatchObject({
      code: 'ENOENT',
      syscall: 'spawn greenhouse-no-such-command',
      path: 'greenhouse-no-such-command',
      spawnargs: ['x'],
    })
    expect(await codeOf(runProcess(folder))).toBe('EACCES')
    expect(await codeOf(runProcess('echo', ['x'], { cwd: join(folder, 'none') }))).toBe('ENOENT')
    expect(await codeOf(runProcess('echo', ['x'.repeat(1 << 22)]))).toBe('E2BIG')
  })

  it('fails with a ProcessError on demand', async () => {
    const failed = runProcess('sh', ['-c', 'echo half; echo broken >&2; exit 4'], {
      ...text,
      check: true,
    })
    const error = (await Promise.resolve(failed).catch((reason: unknown) => reason)) as ProcessError
    expect(error).toMatchObject({
      name: 'ProcessError',
      code: 'GH_PROCESS',
      result: { code: 4, signal: null, stdout: 'half\n', stderr: 'broken\n' },
    })
    expect(error.message).toMatch(/exited with code 4: broken$/)
    expect(error.command[0]).toBe('sh')
    expect(await codeOf(runProcess('sh', ['-c', 'kill $$'], { check: true }))).toBe('GH_PROCESS')
    expect(await runProcess('true', [], { check: true })).toMatchObject({ code: 0 })
  })

  it('kills a child that writes more than allowed', async () => {
    const failed = runProcess('sh', ['-c', 'echo $$ > "$0"; exec yes', file], {
      ...text,
      maxBufferBytes: 1000,
    })
    await expect(failed).rejects.toMatchObject({
      code: 'GH_FULL',
      result: { stdout: 'y\n'.repeat(500) },
    })
    await gone(...(await pids(1)))
    const just = await runProcess('printf', ['12345'], { ...text, maxBufferBytes: 5 })
    expect(just.stdout).toBe('12345')
  })

  it('starts nothing when it may not wait', async () => {
    const options = ['-c', 'echo $$ > "$0"', file]
    expect(await codeOf(runProcess('sh', options, { timeoutMs: 0 }))).toBe('GH_TIMEOUT')
    const signal = AbortSignal.abort(Object.assign(new Error('no'), { code: 'NO' }))
    expect(await codeOf(runProcess('sh', options, { signal }))).toBe('NO')
    expect(existsSync(file)).toBe(false)
  })

  it('refuses what makes no sense', () => {
    const bad = coded('GH_INVALID_ARGUMENT') as Error
    expect(() => runProcess('')).toThrow(bad)
    expect(() => runProcess(1 as never)).toThrow(bad)
    expect(() => runProcess('echo', 'x' as never)).toThrow(bad)
    expect(() => runProcess('echo', [], { input: 1 as never })).toThrow(bad)
    expect(() => runProcess('echo', [], { encoding: 'no' as never })).toThrow(bad)
    expect(() => runProcess('echo', [], { maxBufferBytes: -1 })).toThrow(bad)
    expect(() => runProcess('echo', [], { shell: 1 as never })).toThrow(bad)
    expect(() => runProcess('echo', [], { check: 1 as never })).toThrow(bad)
    expect(() => runProcess('echo', [], { graceMs: -1 })).toThrow(bad)
    expect(() => runProcess('cat', [], { input: 'x', stdin: 'ignore' })).toThrow(bad)
    expect(() => new Process('echo', [], { stdin: 'x' as never })).toThrow(bad)
  })
})

describe('a wait for a child that is cut short', () => {
  const CUTS = {
    ended: 'GH_EXIT',
    'timed out': 'GH_TIMEOUT',
    'timed out by its scope': 'GH_TIMEOUT',
    aborted: 'STOP',
  }
  type Cut = keyof typeof CUTS
  const WAITS: Record<string, (options: WaitOptions) => Blocking<unknown>> = {
    runProcess: (options) => runProcess('sh', ['-c', FAMILY, file], options),
    communicate: (options) => new Process('sh', ['-c', FAMILY, file]).communicate('', options),
  }
  const cases = Object.keys(WAITS).flatMap((wait) =>
    (Object.keys(CUTS) as Cut[]).flatMap((cut) =>
      (['generator', 'async'] as const).map((kind) => ({ wait, cut, kind })),
    ),
  )

  it.each(cases)('kills the whole group: $wait, $cut, $kind', async ({ wait, cut, kind }) => {
    const abort = new AbortController()
    const options = cut === 'aborted' ? { signal: abort.signal } : {}
    const op = () => {
      if (cut === 'timed out') return WAITS[wait]!({ timeoutMs: 150 })
      if (cut !== 'timed out by its scope') return WAITS[wait]!(options)
      return withTimeout(150, () => WAITS[wait]!({}))
    }
    const greenlet =
      kind === 'async'
        ? schedule(async () => await op())
        : schedule(function* () {
            return yield* op()
          })
    const numbers = cut.startsWith('timed out') ? null : await pids(2)
    if (cut === 'ended') end(greenlet)
    if (cut === 'aborted') abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }))
    expect(await codeOf(greenlet.join())).toBe(CUTS[cut])
    // A loaded machine may have killed it before it could write.
    await gone(...(numbers ?? (existsSync(file) ? await pids(2) : [])))
  })

  it.each(['generator', 'async'])(
    'leaves the child alone where it is only wait: %s',
    async (kind) => {
      const child = new Process('sh', ['-c', 'read x; exit 5'])
      const op = () => child.wait()
      const greenlet =
        kind === 'async'
          ? schedule(async () => await op())
          : schedule(function* () {
              return yield* op()
            })
      expect(await codeOf(child.wait({ timeoutMs: 1 }))).toBe('GH_TIMEOUT')
      expect(await codeOf(child.wait({ timeoutMs: 0 }))).toBe('GH_TIMEOUT')
      end(greenlet)
      expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
      expect(child.running).toBe(true)
      await child.stdin.write('go\n')
      expect(await child.wait()).toEqual({ code: 5, signal: null })
      expect(await child.wait({ timeoutMs: 0 })).toEqual({ code: 5, signal: null })
      await child.stop()
    },
  )

  it('kills with SIGKILL, after the grace, those that are deaf to SIGTERM', async () => {
    const greenlet = schedule(async () => runProcess('sh', ['-c', DEAF, file], { graceMs: 100 }))
    const numbers = await pids(2)
    end(greenlet)
    expect(await codeOf(greenlet.join())).toBe('GH_EXIT')
    await gone(...numbers)
  })

  it('kills deaf ones that their parent left behind', async () => {
    const orphaning = `sh -c "trap '' TERM; echo \\$\\$ > '${file}'; while :; do sleep 0.05; done" & wait`
    const greenlet = schedule(async () => runProcess('sh', ['-c', orphaning], { graceMs: 100 }))
    const numbers = await pids(1)
    end(greenlet)
    await codeOf(greenlet.join())
    await gone(...numbers)
  })

  it('wakes a stopped child to its end', async () => {
    const child = new Process('sh', ['-c', FAMILY, file], { graceMs: 60_000 })
    const numbers = await pids(2)
    child.kill('SIGSTOP')
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' })
    await gone(...numbers)
  })
})

describe('Process', () => {
  it('talks to a child line by line', async () => {
    const child = new Process('cat', [], text)
    expect(child.pid).toBeGreaterThan(0)
    expect(child.exitCode).toBe(null)
    for (const line of ['one\n', 'two\n']) {
      await child.stdin.write(line)
      expect(await child.stdout.readline()).toBe(line)
    }
    await child.stdin.close()
    expect(await child.stdout.read()).toBe('')
    expect(await child.stderr.read()).toBe('')
    expect(await child.wait()).toEqual({ code: 0, signal: null })
    expect([child.exitCode, child.signalCode, child.running]).toEqual([0, null, false])
  })

  it('keeps what a child has written beyond its end', async () => {
    const child = new Process('sh', ['-c', 'head -c 150000 /dev/zero; echo oh >&2'])
    let bytes = (await child.stdout.read(1000)).length
    bytes += (await child.stdout.read()).length
    expect(bytes).toBe(150_000)
    await child.wait()
    // Long enough for Node to throw it away, were it let.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    expect((await child.stderr.read()).toString()).toBe('oh\n')
  })

  it('is stopped by back-pressure where nobody reads, and goes on when somebody does', async () => {
    const child = new Process('sh', ['-c', 'head -c 3000000 /dev/zero; exit 7'])
    expect(await codeOf(child.wait({ timeoutMs: 100 }))).toBe('GH_TIMEOUT')
    expect((await child.stdout.read()).length).toBe(3_000_000)
    expect(await child.wait()).toEqual({ code: 7, signal: null })
    await child.stop()
  })

  it('communicates after something was read, and only once', async () => {
    const child = new Process('sh', ['-c', 'echo one; echo two; cat'], text)
    expect(await child.stdout.readline()).toBe('one\n')
    expect(await child.communicate('three\n')).toEqual({
      code: 0,
      signal: null,
      stdout: 'two\nthree\n',
      stderr: '',
    })
    expect(await codeOf(child.communicate())).toBe('GH_INVALID_STATE')
  })

  it('does not communicate while somebody reads', async () => {
    const child = new Process('cat', [], text)
    const reader = schedule(async () => child.stdout.readline())
    await expect.poll(() => reader.state).toBe('blocked')
    expect(await codeOf(child.communicate())).toBe('GH_INVALID_STATE')
    await child.stdin.write('x\n')
    expect(await reader.join()).toBe('x\n')
    expect((await child.communicate()).code).toBe(0)
  })

  it('communicates with a child that has ended long ago', async () => {
    const child = new Process('echo', ['late'], text)
    await child.wait()
    const result: ProcessResult<string> = await child.communicate()
    expect(result.stdout).toBe('late\n')
  })

  it('wakes all who wait', async () => {
    const child = new Process('sh', ['-c', 'read x'])
    const waiters = Array.from({ length: 3 }, () => schedule(async () => child.wait()))
    await child.stdin.close()
    for (const waiter of waiters) expect((await waiter.join()).code).toBe(1)
    await child.stop()
  })

  it('sends signals to the child or to its group', async () => {
    const child = new Process('sh', ['-c', `trap 'echo got; exit 0' USR1; echo up; read x`], text)
    await child.stdout.readline()
    expect(child.sendSignal('SIGUSR1')).toBe(true)
    expect(await child.stdout.readline()).toBe('got\n')
    await child.wait()
    expect(child.sendSignal()).toBe(false)
    expect(child.kill()).toBe(false)
    await child.stop()
    const family = new Process('sh', ['-c', FAMILY, file])
    const numbers = await pids(2)
    expect(family.kill()).toBe(true)
    expect(await family.wait()).toEqual({ code: null, signal: 'SIGKILL' })
    await gone(...numbers)
    await family.stop()
  })

  it('is stopped, at once where there is no time', async () => {
    const deaf = new Process('sh', ['-c', DEAF, file], { graceMs: 60_000 })
    const numbers = await pids(2)
    const gentle = schedule(async () => deaf.stop())
    await expect.poll(() => gentle.state).toBe('blocked')
    expect(await deaf.stop({ timeoutMs: 0 })).toEqual({ code: null, signal: 'SIGKILL' })
    expect(await gentle.join()).toEqual({ code: null, signal: 'SIGKILL' })
    await gone(...numbers)
    expect(await deaf.stop()).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('stops one that only its streams were left of', async () => {
    const child = new Process('echo', ['unread'])
    await child.wait()
    expect(await child.stop()).toEqual({ code: 0, signal: null })
  })

  it('leaves alone what a child left behind on purpose', async () => {
    const script = '(trap "" HUP; exec sleep 1000 > /dev/null 2>&1) & echo $! > "$0"'
    const { code } = await runProcess('sh', ['-c', script, file])
    expect(code).toBe(0)
    const [daemon] = await pids(1)
    expect(alive(daemon!)).toBe(true)
    process.kill(daemon!, 'SIGKILL')
    await gone(daemon!)
  })

  it('stays in our group where it is told to', async () => {
    const script = 'ps -o pgid= -p $$ 2>/dev/null || cut -d" " -f5 /proc/$$/stat'
    const own = await runProcess('sh', ['-c', script], text)
    const shared = await runProcess('sh', ['-c', script], { ...text, ownGroup: false })
    const ours = await runProcess('sh', ['-c', script.replaceAll('$$', String(process.pid))], text)
    expect(shared.stdout).toBe(ours.stdout)
    expect(own.stdout).not.toBe(ours.stdout)
    const child = new Process('sleep', ['1000'], { ownGroup: false })
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' })
  })

  it('fails where it is first waited for when it could not be started', async () => {
    const child = new Process('greenhouse-no-such-command')
    expect(child.pid).toBe(undefined)
    expect(await codeOf(child.wait())).toBe('ENOENT')
    expect(await codeOf(child.wait())).toBe('ENOENT')
    expect(await codeOf(child.communicate())).toBe('ENOENT')
    expect(await codeOf(child.stop())).toBe('ENOENT')
    expect([child.kill(), child.sendSignal(), child.running]).toEqual([false, false, false])
  })

  it('leads its streams elsewhere', async () => {
    const child = new Process('sh', ['-c', 'echo gone; echo kept >&2'], {
      ...text,
      stdin: 'ignore',
      stdout: 'ignore',
    })
    expect(() => child.stdout).toThrow(coded('GH_INVALID_STATE') as Error)
    expect(() => child.stdin).toThrow(coded('GH_INVALID_STATE') as Error)
    expect(await child.communicate()).toMatchObject({ stdout: '', stderr: 'kept\n' })
  })

  it('leaves no descriptor and no zombie after many', async () => {
    await runProcess('true')
    const open = descriptors()
    const handles = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap')
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          i % 2 === 0
            ? runProcess('echo', ['x'])
            : codeOf(runProcess('sleep', ['1000'], { timeoutMs: 5 })),
        ),
      )
    }
    await expect.poll(zombies).toEqual([])
    await expect.poll(descriptors).toBeLessThanOrEqual(open)
    await expect.poll(handles).toEqual([])
  })
})

describe('a program with children', () => {
  const FAMILY_OF = (name: string) => `
    import { Process } from '@greenhouse/io'
    export const child = new Process('sh', ['-c', ${JSON.stringify(name)}, ${JSON.stringify(file)}])`

  it('lives until they have ended', async () => {
    const { code, stdout } = await outcomeOf(
      program(`
        import { runProcess } from '@greenhouse/io'
        import { schedule } from '@greenhouse/scheduler'
        schedule(async () => console.log((await runProcess('sh', ['-c', 'sleep 0.2; echo x'])).stdout + ''))`),
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'x\n\n' })
  })

  it.each([
    ['process.exit', 'setInterval(() => existsSync(file) && process.exit(3), 20)', 3],
    ['an uncaught error', 'setInterval(() => { if (existsSync(file)) throw new Error() }, 20)', 1],
  ])('ends them with %s', async (_how, source, expected) => {
    const { code } = await outcomeOf(
      program(`import { existsSync } from 'node:fs'
        const file = ${JSON.stringify(file)}
        ${FAMILY_OF(FAMILY)}
        ${source}`),
    )
    expect(code).toBe(expected)
    await gone(...(await pids(2)))
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'passes %s on and dies of it',
    async (signal) => {
      const parent = program(FAMILY_OF(FAMILY))
      const outcome = outcomeOf(parent)
      const numbers = await pids(2)
      parent.kill(signal)
      expect(await outcome).toMatchObject({ code: null, signal })
      // The shell's own child ignores SIGINT, as those in the background do; the shell ends.
      await gone(numbers[0]!)
      if (signal !== 'SIGINT') await gone(numbers[1]!)
      else process.kill(numbers[1]!, 'SIGKILL')
    },
  )

  it('leaves a signal to those who listen for it, also to one that looks whether it is alone', async () => {
    const parent = program(`
      const listener = () => {
        console.log(process.listenerCount('SIGTERM'))
        setTimeout(() => { console.log(process.listenerCount('SIGTERM')); void child.stop() }, 50)
        process.off('SIGTERM', listener)
      }
      process.on('SIGTERM', listener)
      ${FAMILY_OF(FAMILY)}`)
    const outcome = outcomeOf(parent)
    const numbers = await pids(2)
    parent.kill('SIGTERM')
    expect(await outcome).toMatchObject({ code: 0, stdout: '1\n1\n' })
    await gone(...numbers)
  })

  it('kills at its exit those that were told to go and have not gone', async () => {
    const parent = program(`
      process.on('SIGUSR2', () => { void child.stop({ timeoutMs: 60000 }); process.exit(0) })
      ${FAMILY_OF(DEAF)}`)
    const outcome = outcomeOf(parent)
    const numbers = await pids(2)
    parent.kill('SIGUSR2')
    expect(await outcome).toMatchObject({ code: 0 })
    await gone(...numbers)
  })
})
