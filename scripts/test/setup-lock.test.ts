import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type WithLock = <T>(folder: string, body: () => T, onWait?: () => void) => Promise<T>
const url = pathToFileURL(join(import.meta.dirname, '../setup-lock.mjs')).href
const { withLock } = (await import(/* @vite-ignore */ url)) as { withLock: WithLock }

describe('the lock of the set-up', () => {
  let folder: string
  let lock: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenhouse-lock-'))
    lock = join(folder, '.setup-lock')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const leftBehind = (pid: number | undefined, ageMs: number) => {
    mkdirSync(lock)
    if (pid !== undefined) writeFileSync(join(lock, 'pid'), String(pid))
    const sinceS = (Date.now() - ageMs) / 1000
    utimesSync(lock, sinceS, sinceS)
  }
  const inLock = () => readFileSync(join(lock, 'pid'), 'utf8')
  const noWait = () => expect.unreachable('waited for nobody')

  it('says who has it while it is held, and is gone afterwards, also after an error', async () => {
    expect(await withLock(lock, inLock, noWait)).toBe(String(process.pid))
    expect(existsSync(lock)).toBe(false)
    const failing = withLock(lock, () => {
      throw new Error('no network')
    })
    await expect(failing).rejects.toThrow('no network')
    expect(existsSync(lock)).toBe(false)
  })

  it('keeps a second one out until the first is through', async () => {
    let free!: () => void
    const first = withLock(lock, () => new Promise<void>((resolve) => (free = resolve)))
    let waited = 0
    const second = withLock(lock, inLock, () => {
      waited++
      free()
    })
    await first
    expect(await second).toBe(String(process.pid))
    expect(waited).toBe(1)
  })

  it('is taken over from a process that is gone', async () => {
    leftBehind(spawnSync(process.execPath, ['--version']).pid, 0)
    expect(await withLock(lock, inLock, noWait)).toBe(String(process.pid))
  })

  it('is taken over from a process that was killed before it wrote its id', async () => {
    leftBehind(undefined, 60_000)
    expect(await withLock(lock, inLock, noWait)).toBe(String(process.pid))
    expect(existsSync(lock)).toBe(false)
  })

  it('is left to a process that has just made it and not written its id yet', async () => {
    leftBehind(undefined, 0)
    let waited = 0
    const got = withLock(lock, inLock, () => {
      waited++
      rmSync(lock, { recursive: true })
    })
    expect(await got).toBe(String(process.pid))
    expect(waited).toBe(1)
  })
})
