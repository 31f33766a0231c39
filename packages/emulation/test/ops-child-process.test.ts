import childProcess from 'node:child_process'
import { end, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { describe, expect, it, vi } from 'vitest'
import { primitives } from '../src/rt/ops/index.ts'
import type { Original } from '../src/rt/ops/table.ts'
import { same, type Arguments } from './helpers/differential.ts'

const { execFileSync, execSync, spawnSync } = childProcess
const quiet = { stdio: 'pipe' } as const

describe('operations of child_process', () => {
  const calls: [string, unknown, Arguments][] = [
    ['spawnSync', spawnSync, () => ['sh', ['-c', 'echo out; echo err >&2; exit 3']]],
    ['spawnSync without arguments', spawnSync, () => ['true', { encoding: 'utf8' }]],
    ['spawnSync of nothing', spawnSync, () => ['no-such-command', ['a', 'b']]],
    ['spawnSync in a shell', spawnSync, () => ['echo $0 | cat', ['x y'], { shell: true }]],
    ['spawnSync in another shell', spawnSync, () => ['echo hi', { shell: '/bin/bash' }]],
    ['spawnSync in no shell', spawnSync, () => ['echo hi', { shell: '/no/shell' }]],
    ['spawnSync in a folder', spawnSync, (d) => ['pwd', [], { cwd: d, encoding: 'utf8' }]],
    ['spawnSync in no folder', spawnSync, (d) => ['pwd', [], { cwd: d + '/no' }]],
    ['spawnSync with input', spawnSync, () => ['cat', [], { input: 'in', encoding: 'latin1' }]],
    ['spawnSync with bytes', spawnSync, () => ['cat', [], { input: new Uint16Array([66, 67]) }]],
    [
      'spawnSync with more than a pipe holds',
      spawnSync,
      () => ['wc', ['-c'], { input: 'x'.repeat(1e6) }],
    ],
    ['spawnSync with input for nobody', spawnSync, () => ['true', [], { input: 'x'.repeat(1e6) }]],
    ['spawnSync with a name', spawnSync, () => ['sh', ['-c', 'echo $0'], { argv0: 'named' }]],
    [
      'spawnSync with an environment',
      spawnSync,
      () => ['/bin/sh', ['-c', 'echo $A'], { env: { A: '1' } }],
    ],
    ['spawnSync that a signal ends', spawnSync, () => ['sh', ['-c', 'kill -9 $$']]],
    ['spawnSync, ignoring', spawnSync, () => ['echo', ['x'], { stdio: 'ignore' }]],
    [
      'spawnSync, ignoring in part',
      spawnSync,
      () => ['echo', ['x'], { stdio: ['ignore', 'pipe', 'ignore'] }],
    ],
    [
      'spawnSync with a fourth pipe',
      spawnSync,
      () => ['sh', ['-c', 'echo 3 >&3'], { stdio: [null, null, null, 'pipe'] }],
    ],
    ['spawnSync that takes too long', spawnSync, () => ['sleep', ['5'], { timeout: 50 }]],
    [
      'spawnSync that takes too long, by another signal',
      spawnSync,
      () => ['sleep', ['5'], { timeout: 50, killSignal: 'SIGKILL' }],
    ],
    ['spawnSync of a number', spawnSync, () => [5]],
    ['spawnSync of nothing at all', spawnSync, () => ['']],
    ['spawnSync with bad arguments', spawnSync, () => ['echo', 'x']],
    ['spawnSync with a bad time-out', spawnSync, () => ['echo', [], { timeout: -1 }]],
    ['spawnSync with a bad limit', spawnSync, () => ['echo', [], { maxBuffer: 'x' }]],
    ['spawnSync with a bad signal', spawnSync, () => ['echo', [], { killSignal: 'SIGNOPE' }]],
    ['spawnSync with bad input', spawnSync, () => ['echo', [], { input: 5 }]],
    ['spawnSync with a bad user', spawnSync, () => ['echo', [], { uid: 'x' }]],
    ['spawnSync with a channel', spawnSync, () => ['echo', [], { stdio: ['ipc'] }]],
    ['execFileSync', execFileSync, () => ['echo', ['a b']]],
    ['execFileSync as text', execFileSync, () => ['echo', ['a'], { encoding: 'utf8' }]],
    [
      'execFileSync that fails',
      execFileSync,
      () => ['sh', ['-c', 'echo E >&2; exit 1'], { ...quiet, encoding: 'utf8' }],
    ],
    ['execFileSync that fails without a word', execFileSync, () => ['false', quiet]],
    ['execFileSync of nothing', execFileSync, () => ['no-such-command']],
    ['execFileSync of a folder', execFileSync, (d) => [d]],
    ['execFileSync with a name', execFileSync, () => ['sh', ['-c', 'exit 1'], { argv0: 'named' }]],
    ['execSync', execSync, () => ['echo a | cat', { encoding: 'utf8' }]],
    ['execSync that fails', execSync, () => ['echo a; echo b >&2; exit 3', quiet]],
    ['execSync with input', execSync, () => ['cat', { input: 'q', encoding: 'utf8' }]],
    ['execSync in another shell', execSync, () => ['echo $BASH', { shell: '/bin/bash' }]],
    ['execSync in no folder', execSync, () => ['pwd', { cwd: '/no/folder' }]],
    ['execSync that takes too long', execSync, () => ['exec sleep 5', { ...quiet, timeout: 50 }]],
    ['execSync of a number', execSync, () => [5]],
  ]

  it.each(calls)('%s gives what the original gives', async (_title, fn, args) => {
    await same(fn, args)
  })

  it('kill a child that writes too much, and do not wait for whom it leaves behind', async () => {
    // How much is read before the limit is noticed varies with the original, too.
    const view = (value: unknown) => ({ ...(value as object), output: null, stdout: null })
    const never = await same(spawnSync, () => ['yes', [], { maxBuffer: 1000 }], { view })
    expect(never.value).toMatchObject({ signal: 'SIGTERM', error: { code: 'ENOBUFS' } })
    await same(spawnSync, () => ['sh', ['-c', 'sleep 30 & exec yes'], { maxBuffer: 1000 }], {
      view,
    })
    await same(spawnSync, () => ['sh', ['-c', 'sleep 30 & wait'], { timeout: 50 }], { view })
    await same(spawnSync, () => ['echo', ['12345'], { maxBuffer: 6 }])
    const untold = (value: unknown) => ({ ...(value as object), status: null, signal: null })
    await same(spawnSync, () => ['echo', ['12345'], { maxBuffer: 5 }], { view: untold })
    await same(spawnSync, () => ['seq', ['1', '300000'], { maxBuffer: Infinity }])
  })

  it('pass on to stderr what nobody asked for', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await same(execSync, () => ['echo one >&2'])
    await same(execFileSync, () => ['sh', ['-c', 'echo two >&2; exit 1']])
    const texts = write.mock.calls.map(([text]) => String(text))
    write.mockRestore()
    expect(texts).toEqual(['one\n', 'one\n', 'two\n', 'two\n'])
  })

  it('run together', async () => {
    const { make } = primitives.get(execSync as Original)!
    const start = performance.now()
    const sleepers = Array.from({ length: 10 }, () =>
      schedule(async () => make(null, ['sleep .5']).start()),
    )
    for (const sleeper of sleepers) await sleeper.join()
    expect(performance.now() - start).toBeLessThan(2500)
  })

  it('kill the child of an ended greenlet, and of one whose time is up', async () => {
    const { make } = primitives.get(spawnSync as Original)!
    const name = `greenhouse-child-${process.pid}`
    const running = () => childProcess.spawnSync('pgrep', ['-f', name]).status === 0
    const script = ['-c', `exec -a ${name} sleep 60`]
    const bash = async () => make(null, ['bash', script]).start()
    const greenlet = schedule(bash)
    while (!running()) await pauseFor(5)
    end(greenlet)
    await expect(greenlet.join()).rejects.toThrow('ended')
    while (running()) await pauseFor(5)
    await expect(withTimeout(100, bash)).rejects.toMatchObject({ code: 'GH_TIMEOUT' })
    while (running()) await pauseFor(5)
  })
})
