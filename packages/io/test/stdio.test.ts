// The standard streams in processes of their own, redirected to everything there is.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import { stderr, stdin, stdout } from '@greenhouse/io'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeLine, runNode } from './run-node.ts'

/** The command that runs another on a terminal of its own. */
const SCRIPT: string = 'script'
let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'greenhouse-stdio-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const UPPER = `
  const { stdin, stdout, stderr } = await import('@greenhouse/io')
  const { schedule } = await import('@greenhouse/scheduler')
  await schedule(function* () {
    const input = stdin.withEncoding('utf8')
    for (let step; !(step = yield* input.next()).done; ) yield* stdout.write(step.value.toUpperCase())
    yield* stderr.write('done\\n')
  }).join()`

describe('stdin, stdout, stderr', () => {
  it('know what they are', () => {
    expect([stdin.mode, stdout.mode, stderr.mode]).toEqual(['r', 'w', 'w'])
    expect([stdin.fd, stdout.fd, stderr.fd]).toEqual([0, 1, 2])
    expect(stdout.isTTY).toBe(process.stdout.isTTY === true)
  })

  it('Q21 work through pipes', () => {
    const { stdout, stderr, status } = runNode(UPPER, { input: 'one\ntwo' })
    expect({ stdout, stderr, status }).toEqual({ stdout: 'ONE\nTWO', stderr: 'done\n', status: 0 })
  })

  it('Q21 work redirected to regular files', () => {
    const [from, to, errors] = ['in', 'out', 'err'].map((name) => join(folder, name)) as string[]
    fs.writeFileSync(from!, 'one\ntwo\n'.repeat(20_000))
    const stdio = [fs.openSync(from!, 'r'), fs.openSync(to!, 'w'), fs.openSync(errors!, 'w')]
    const { status } = runNode(UPPER, { stdio })
    stdio.forEach((fd) => fs.closeSync(fd))
    expect(status).toBe(0)
    expect(fs.readFileSync(to!, 'utf8')).toBe('ONE\nTWO\n'.repeat(20_000))
    expect(fs.readFileSync(errors!, 'utf8')).toBe('done\n')
  })

  it('Q21 work with /dev/null', () => {
    const { status, stderr } = runNode(UPPER, { stdio: ['ignore', 'ignore', 'pipe'] })
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'done\n' })
  })

  it.skipIf(spawnSync(SCRIPT, ['--version']).status !== 0)('work on a terminal', () => {
    const program = `
      const { stdin, stdout, open, fromFd } = await import('@greenhouse/io')
      const { readdirSync, readlinkSync } = await import('node:fs')
      const target = (fd) => {
        try {
          return readlinkSync('/proc/self/fd/' + fd)
        } catch {
          return ''
        }
      }
      const fds = () => readdirSync('/proc/self/fd').filter((fd) => /tty|pts/.test(target(fd))).length
      const line = await stdin.readline()
      await stdout.write([stdin.isTTY, stdout.isTTY, String(line).trim()].join() + '\\n')
      const before = fds()
      const terminal = await open('/dev/tty', 'w')
      await terminal.write('tty ' + terminal.isTTY + '\\n')
      await terminal.close()
      const input = await open('/dev/tty', 'r', { encoding: 'utf8' })
      await stdout.write('got ' + (await input.readline()).trim() + '\\n')
      await input.close()
      const both = await open('/dev/tty', 'r+')
      await both.write('both ways\\n')
      await both.close()
      await stdout.write('left ' + (fds() - before) + '\\n')`
    const file = join(folder, 'program.sh')
    fs.writeFileSync(
      file,
      nodeLine(program)
        .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
        .join(' '),
    )
    const child = spawnSync(SCRIPT, ['-qec', `sh ${file}`, '/dev/null'], {
      input: 'typed\nagain\n',
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const lines = child.stdout.replaceAll('\r', '').split('\n')
    expect(lines).toContain('true,true,typed')
    expect(lines).toContain('tty true')
    expect(lines).toContain('got again')
    expect(lines).toContain('both ways')
    expect(lines).toContain('left 0')
  })

  it('keep the order of what the console writes', () => {
    const { stdout } = runNode(`
      const { stdout } = await import('@greenhouse/io')
      console.log('one')
      await stdout.write('two\\n')
      console.log('three')
      await stdout.writelines(['four\\n', 'five\\n'])
      await stdout.flush()
      await stdout.close()
      console.log('six', stdout.closed)`)
    expect(stdout).toBe('one\ntwo\nthree\nfour\nfive\nsix true\n')
  })

  it('the process lives while somebody waits for input, and ends when nobody does', async () => {
    const child = spawn(
      ...split(
        nodeLine(`
      const { stdin, stdout, fromFd } = await import('@greenhouse/io')
      await stdout.write('ready\\n')
      const input = fromFd(0, 'r', { encoding: 'utf8' })
      await stdout.write('got ' + await input.readline())`),
      ),
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    let seen = ''
    const ended = new Promise((resolve) => child.once('exit', resolve))
    for await (const chunk of child.stdout!) {
      seen += String(chunk)
      // The input stays open: nothing but the wait keeps the process.
      if (seen === 'ready\n') child.stdin!.write('line\nrest')
    }
    expect(await ended).toBe(0)
    expect(seen).toBe('ready\ngot line\n')
    child.stdin!.destroy()
  })

  it('a reader that has gone away shows at the write', () => {
    const program = `
      const { stdout, stderr } = await import('@greenhouse/io')
      const line = 'x'.repeat(1000) + '\\n'
      try {
        for (;;) await stdout.write(line)
      } catch (error) {
        await stderr.write(error.code + '\\n')
      }`
    const line = nodeLine(program)
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ')
    const { stderr } = spawnSync('sh', ['-c', `${line} | head -1 > /dev/null`], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(stderr).toBe('EPIPE\n')
  })
})

function split([command, ...args]: string[]): [string, string[]] {
  return [command!, args]
}
