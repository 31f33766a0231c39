// fs/promises, and what of fs takes a signal.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule, withTimeout } from '@greenhouse/scheduler'
import { patch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight } from './rows.ts'
import { errorOf, turn } from './support.ts'

const files = fs.promises as typeof fs.promises & Record<string, (...args: never[]) => unknown>
let folder: string
let nth = 0
const file = (): string => join(folder, 'file')
const fresh = (): string => join(folder, `new${nth++}`)

/** A sound call of each function. */
const CALLS: Record<string, () => Promise<unknown>> = {
  access: () => files.access(file()),
  appendFile: () => files.appendFile(fresh(), 'x'),
  chmod: () => files.chmod(file(), 0o600),
  chown: () => files.chown(file(), process.getuid!(), process.getgid!()),
  copyFile: () => files.copyFile(file(), fresh()),
  cp: () => files.cp(file(), fresh()),
  lchown: () => files.lchown(file(), process.getuid!(), process.getgid!()),
  link: () => files.link(file(), fresh()),
  lstat: () => files.lstat(file()),
  lutimes: () => files.lutimes(file(), 1, 1),
  mkdir: () => files.mkdir(fresh()),
  mkdtemp: () => files.mkdtemp(join(folder, 'made-')),
  mkdtempDisposable: () =>
    (files['mkdtempDisposable'] as (path: string) => Promise<unknown>)(join(folder, 'made-')),
  open: async () => {
    const handle = await files.open(file())
    await handle.close()
    return handle
  },
  opendir: async () => {
    const dir = await files.opendir(folder)
    await dir.close()
    return dir
  },
  readFile: () => files.readFile(file()),
  readdir: () => files.readdir(folder),
  readlink: () => files.readlink(join(folder, 'link')),
  realpath: () => files.realpath(file()),
  rename: () => files.rename(another(), fresh()),
  rm: () => files.rm(another()),
  rmdir: () => files.rmdir(anotherFolder()),
  stat: () => files.stat(file()),
  statfs: () => files.statfs(folder),
  symlink: () => files.symlink(file(), fresh()),
  truncate: () => files.truncate(another(), 1),
  unlink: () => files.unlink(another()),
  utimes: () => files.utimes(file(), 1, 1),
  writeFile: () => files.writeFile(fresh(), 'x'),
}

function another(): string {
  const path = fresh()
  writeFileSync(path, 'text')
  return path
}

function anotherFolder(): string {
  const path = fresh()
  fs.mkdirSync(path)
  return path
}

const openFiles = (): string[] =>
  fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenhouse-fs-'))
  writeFileSync(file(), 'text')
  fs.symlinkSync(file(), join(folder, 'link'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => patch('fs', 'fs/promises'))

describe('fs/promises', () => {
  const OTHER = ['watch', 'glob', 'lchmod']
  const names = Object.keys(fs.promises).filter(
    (name) => typeof files[name] === 'function' && !OTHER.includes(name),
  )

  it.each(names)(
    '%s is cut before its start, in flight, at its completion and after',
    async (name) => {
      const call = CALLS[name]!
      await cutBeforeStart(call)
      await cutInFlight(call)
      await cutAtCompletion(call, () => {})
      await cutAfter(call, () => {})
    },
  )

  it('leaves alone what was cut before its start', async () => {
    const path = fresh()
    await cutBeforeStart(() => files.writeFile(path, 'x'))
    await pauseFor(20)
    expect(fs.existsSync(path)).toBe(false)
  })

  it('takes back what came too late: a handle, a folder made or opened', async () => {
    const before = fs.readdirSync(folder).filter((name) => name.startsWith('late-'))
    for (let round = 0; round < 20; round++) {
      const cut = withTimeout(10_000, async (scope) => {
        const calls = [
          files.open(file()),
          files.opendir(folder),
          files.mkdtemp(join(folder, 'late-')),
        ].map(errorOf)
        scope.cancel(new Error('cut'))
        await Promise.all(calls)
      })
      await errorOf(cut)
    }
    await expect.poll(openFiles).toEqual([])
    await expect
      .poll(() => fs.readdirSync(folder).filter((name) => name.startsWith('late-')))
      .toEqual(before)
  })

  it('stops reading and writing a whole file at the next piece', async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const writer = fs.openSync(path, 'r+')
    fs.writeSync(writer, 'piece')
    const error = await errorOf(withTimeout(30, async () => files.readFile(path)))
    expect(error).toMatchObject({ code: 'GH_TIMEOUT', cause: { code: 'ABORT_ERR' } })
    // T9: the thread that reads is free only when something comes; then it must not go on to read. (Node 26 goes on in any
    // case, by a signal of its own, too.)
    fs.writeSync(writer, 'more')
    if (Number(process.versions.node.split('.')[0]) < 26) {
      await expect.poll(() => openFiles().filter((one) => one === path).length).toBe(1)
    }
    fs.closeSync(writer)
  })

  it('a write of many pieces leaves the rest undone', async () => {
    const path = fresh()
    let pieces = 0
    const error = await errorOf(
      withTimeout(20, async () =>
        files.writeFile(
          path,
          (async function* () {
            for (;;) {
              await turn()
              pieces++
              yield 'piece'
            }
          })(),
        ),
      ),
    )
    expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
    await pauseFor(10)
    const stopped = pieces
    await pauseFor(20)
    expect(pieces - stopped).toBeLessThanOrEqual(1)
    await expect.poll(openFiles).not.toContain(path)
  })

  it('hears the caller’s own signal, and leaves nothing on it', async () => {
    const controller = new AbortController()
    const mine = new Error('mine')
    const outcome = withTimeout(10_000, async () => {
      expect(await files.readFile(file(), { encoding: 'utf8', signal: controller.signal })).toBe(
        'text',
      )
      controller.abort(mine)
      return files.readFile(file(), { signal: controller.signal })
    })
    expect(await errorOf(outcome)).toMatchObject({ name: 'AbortError', cause: mine })
  })

  it('takes options in every form', async () => {
    await withTimeout(10_000, async () => {
      expect(await files.readFile(file(), 'utf8')).toBe('text')
      expect(await files.readFile(file(), null)).toEqual(Buffer.from('text'))
      expect(await files.readFile(file(), Object.create({ encoding: 'latin1' }) as object)).toBe(
        'text',
      )
      expect(await errorOf(files.readFile(file(), 5 as never))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
      })
      expect(await errorOf(files.readFile(file(), { signal: 5 } as never))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
      })
      const path = fresh()
      await files.writeFile(path, 'a')
      await files.writeFile(path, 'é', { flag: 'a', encoding: 'latin1' })
      await files.appendFile(path, 'b')
      expect(fs.readFileSync(path, 'latin1')).toBe('aéb')
    })
  })

  it('watch: a pending wait is cut, and the watcher closes', async () => {
    const seen: unknown[] = []
    const watchers = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'FSEventWrap').length
    const before = watchers()
    const watching = withTimeout(60, async () => {
      const changes = files.watch(folder)
      setTimeout(() => writeFileSync(join(folder, 'changed'), 'x'), 5)
      for await (const change of changes) seen.push(change)
    })
    expect(await errorOf(watching)).toMatchObject({
      code: 'GH_TIMEOUT',
      cause: { code: 'ABORT_ERR' },
    })
    expect(seen).toContainEqual(expect.objectContaining({ filename: 'changed' }))
    await expect.poll(watchers).toBe(before)
  })

  it.skipIf(!('glob' in fs.promises))(
    'glob: gives its matches, and a pending wait is cut',
    async () => {
      const glob = files['glob'] as unknown as (p: string, o: object) => AsyncIterable<string>
      const found: string[] = []
      await withTimeout(10_000, async () => {
        for await (const name of glob('fil*', { cwd: folder })) found.push(name)
      })
      expect(found).toEqual(['file'])
      const cut = withTimeout(10_000, async (scope) => {
        const next = glob('*', { cwd: folder })[Symbol.asyncIterator]().next()
        scope.cancel(new Error('cut'))
        await next
      })
      expect(await errorOf(cut)).toMatchObject({ message: 'cut' })
    },
  )
})

describe('fs', () => {
  // What is promisified after the patch goes through it.
  const call = (name: 'readFile' | 'writeFile' | 'appendFile', ...args: unknown[]) =>
    (promisify(fs[name]) as (...args: unknown[]) => Promise<unknown>)(...args)

  it.each([
    ['readFile', () => call('readFile', file())],
    ['writeFile', () => call('writeFile', fresh(), 'x')],
    ['appendFile', () => call('appendFile', fresh(), 'x')],
  ] as const)(
    '%s is cut before its start, in flight, at its completion and after',
    async (_, run) => {
      await cutBeforeStart(run)
      await cutInFlight(run)
      await cutAtCompletion(run, () => {})
      await cutAfter(run, () => {})
    },
  )

  it('calls the callback once, and asynchronously', async () => {
    const calls: unknown[][] = []
    const reason = new Error('cut')
    await errorOf(
      withTimeout(10_000, async (scope) => {
        fs.readFile(file(), (...args) => calls.push(args))
        scope.cancel(reason)
        expect(calls).toEqual([])
        await turn()
      }),
    )
    await pauseFor(20)
    expect(calls).toEqual([[expect.objectContaining({ code: 'ABORT_ERR', cause: reason })]])
  })

  it('gives Node’s own errors for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      const bad = fs.readFile as unknown as (...args: unknown[]) => void
      for (const args of [[], [file()], [file(), {}, 5], [{}, () => {}], [file(), 5, () => {}]]) {
        expect(() => bad(...args)).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
        )
      }
      expect(await call('readFile', file(), 'utf8')).toBe('text')
      expect(await errorOf(call('readFile', join(folder, 'absent')))).toMatchObject({
        code: 'ENOENT',
      })
    })
  })

  it('belongs to a greenlet, and is cut with its end', async () => {
    let error: unknown
    const greenlet = schedule(async () => {
      error = await errorOf(call('readFile', file()))
      throw error
    })
    await pause()
    end(greenlet)
    expect(await errorOf(greenlet.join())).toMatchObject({ code: 'GH_EXIT' })
    expect(error).toMatchObject({ code: 'ABORT_ERR', cause: { code: 'GH_EXIT' } })
  })
})
