// Children: by whichever call they were started.
import childProcess from 'node:child_process'
import { exec as capturedExec, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { own, patch, unpatch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight } from './rows.ts'
import { errorOf, turn } from './support.ts'

beforeEach(() => patch('child_process'))

const aborted = { name: 'AbortError', code: 'ABORT_ERR', message: 'The operation was aborted' }
const { exec, execFile, spawn, fork } = childProcess
const alive = (pid: number | undefined): boolean => {
  try {
    return process.kill(pid!, 0)
  } catch {
    return false
  }
}

/** The output of a child. */
async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.on('data', (piece) => (output += String(piece)))
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  return output
}

describe.each<[string, () => Promise<unknown>, unknown]>([
  ['spawn', () => outputOf(spawn('echo', ['out'])), 'out\n'],
  ['execFile', () => promisify(execFile)('echo', ['out']), { stdout: 'out\n', stderr: '' }],
  ['exec', () => promisify(exec)('echo out'), { stdout: 'out\n', stderr: '' }],
  [
    'exec with a callback',
    () =>
      new Promise((resolve, reject) => {
        exec('echo out', (error, stdout) => (error === null ? resolve(stdout) : reject(error)))
      }),
    'out\n',
  ],
])('%s', (_, run, value) => {
  const right = (given: unknown): void => expect(given).toEqual(value)
  it('is cut before its start, in flight, at its completion and after', async () => {
    await cutBeforeStart(run)
    await cutInFlight(run)
    await cutAtCompletion(run, right)
    await cutAfter(run, right)
  })
})

describe('child_process', () => {
  it('ends a child at the time-out of its scope', async () => {
    let child!: ChildProcess
    const begun = performance.now()
    const outcome = withTimeout(30, async () => {
      child = spawn('sleep', ['60'])
      await outputOf(child)
    })
    expect(await errorOf(outcome)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    expect(performance.now() - begun).toBeLessThan(5000)
    await expect.poll(() => child.signalCode).toBe('SIGTERM')
  })

  it('T2: leaves util.promisify of exec and execFile as it was, with the child on its promise', async () => {
    const custom = promisify.custom
    for (const call of [exec, execFile]) {
      expect(Object.getOwnPropertyDescriptor(call, custom)).toMatchObject({ configurable: false })
    }
    let child!: ChildProcess
    const outcome = withTimeout(30, async () => {
      const promise = promisify(execFile)('sleep', ['60'])
      child = promise.child
      await promise
    })
    const error = await errorOf(outcome)
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: { ...aborted, cmd: 'sleep 60' } })
    await expect.poll(() => alive(child.pid)).toBe(false)
  })

  it('tells the callback of exec once, with the reason as its cause', async () => {
    const calls: unknown[] = []
    const error = await errorOf(
      withTimeout(30, async () => {
        exec('sleep 60', (failure) => calls.push(failure))
        await pauseFor(60_000)
      }),
    )
    await pauseFor(30)
    expect(calls).toEqual([expect.objectContaining(aborted)])
    expect((calls[0] as Error).cause).toBe(error)
  })

  it('frees the caller although a grandchild holds the output open', async () => {
    const begun = performance.now()
    const outcome = withTimeout(30, async () => promisify(exec)('sleep 8; echo done'))
    expect(await errorOf(outcome)).toMatchObject({ code: 'GH_TIMEOUT' })
    expect(performance.now() - begun).toBeLessThan(5000)
  })

  it('kills by SIGKILL a second later whoever does not heed SIGTERM', async () => {
    const program = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 99)'
    let child!: ChildProcess
    const greenlet = schedule(async () => {
      child = spawn(process.execPath, ['-e', program])
      await outputOf(child)
    })
    await pause()
    await once(child.stdout!, 'data')
    end(greenlet)
    expect(await errorOf(greenlet.join())).toMatchObject({ code: 'GH_EXIT' })
    const [, signal] = (await once(child, 'exit')) as unknown[]
    expect(signal).toBe('SIGKILL')
  })

  it('uses the signal that the caller gave', async () => {
    let child!: ChildProcess
    await errorOf(
      withTimeout(30, async () => {
        child = spawn('sleep', ['60'], { killSignal: 'SIGINT' })
        await outputOf(child)
      }),
    )
    await expect.poll(() => child.signalCode).toBe('SIGINT')
  })

  it('leaves detached children and workers with a channel alone, unless they are owned', async () => {
    const program = 'setInterval(() => {}, 1000)'
    let detached!: ChildProcess
    let worker!: ChildProcess
    await errorOf(
      withTimeout(30, async () => {
        detached = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
        worker = fork('-e', [program], { execArgv: ['-e', program] })
        await pauseFor(60_000)
      }),
    )
    await pauseFor(20)
    expect([alive(detached.pid), alive(worker.pid)]).toEqual([true, true])
    await errorOf(
      withTimeout(10, async () => {
        own(worker)
        await pauseFor(60_000)
      }),
    )
    await expect.poll(() => alive(worker.pid)).toBe(false)
    detached.kill()
  })

  it('T11: reaches those who took the call out of its module before, until it is unpatched', async () => {
    const run = (): Promise<Error> =>
      errorOf(withTimeout(30, async () => promisify(capturedExec)('sleep 0.2')))
    expect(await run()).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    unpatch('child_process')
    const begun = performance.now()
    await run()
    expect(performance.now() - begun).toBeGreaterThan(25)
    const { prototype } = childProcess.ChildProcess as unknown as { prototype: { spawn: unknown } }
    expect(String(prototype.spawn)).toContain('getValidStdio')
  })

  it('leaves errors of the start as they are', async () => {
    await withTimeout(10_000, async () => {
      expect(await errorOf(promisify(execFile)('/no/such/program'))).toMatchObject({
        code: 'ENOENT',
      })
      expect(await errorOf(outputOf(spawn('/no/such/program')))).toMatchObject({ code: 'ENOENT' })
      expect(() => spawn(5 as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
      expect(await errorOf(promisify(exec)('exit 3'))).toMatchObject({ code: 3 })
    })
  })

  it('hears the caller’s own signal', async () => {
    const controller = new AbortController()
    await withTimeout(10_000, async () => {
      const running = promisify(execFile)('sleep', ['60'], { signal: controller.signal })
      await turn()
      controller.abort(new Error('mine'))
      expect(await errorOf(running)).toMatchObject({ ...aborted, cause: { message: 'mine' } })
    })
  })
})
