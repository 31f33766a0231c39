import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { end, pause, pauseFor, schedule } from '@greenhouse/scheduler'
import { connectBackdoor } from '../src/client/connect.ts'
import { runBackdoorTerminal } from '../src/client/terminal.ts'
import { runTop } from '../src/top/run-top.ts'
import { duration, renderTop } from '../src/top/render.ts'
import { takeSnapshot } from '../src/top/snapshot.ts'
import { eventually, TestClient, withBackdoor } from './support.ts'

const token = 'correct horse battery'

/** A terminal that remembers what was shown. */
class Screen extends PassThrough {
  isTTY = true
  columns = 100
  rows = 30
  text = ''
  constructor() {
    super()
    this.on('data', (bytes: Buffer) => (this.text += bytes.toString()))
  }
}

class Keys extends PassThrough {
  isTTY = true
  raw: boolean[] = []
  setRawMode(on: boolean): void {
    this.raw.push(on)
  }
}

describe('connectBackdoor', () => {
  it('shows its token where one is asked for', () =>
    withBackdoor({ auth: { token, attempts: 100 } }, async (address) => {
      const client = new TestClient(await connectBackdoor(address, { token }))
      expect(await client.until('> ')).toBe('Hello\n')
      expect(await client.ask('6 * 7')).toBe('42\n')
      client.close()
      await expect(connectBackdoor(address)).rejects.toMatchObject({
        code: 'GH_CLOSED',
        message: 'The backdoor asks for a token',
      })
      await expect(connectBackdoor(address, { token: 'guess' })).rejects.toThrow('Wrong token.')
    }))

  it('sends no token where none is asked for', () =>
    withBackdoor({}, async (address) => {
      const client = new TestClient(await connectBackdoor(address, { token }))
      expect(await client.until('> ')).toBe('Hello\n')
      expect(await client.ask('1')).toBe('1\n')
      client.close()
    }))
})

describe('the client of a terminal', () => {
  it('edits, colours and ends there, and puts the terminal back', () =>
    withBackdoor({ namespace: { answer: 42 } }, async (address) => {
      const [input, output] = [new Keys(), new Screen()]
      const client = schedule(() => runBackdoorTerminal(address, { input, output, colors: true }))
      await eventually(() => output.text.includes('> '))
      input.write('answer\r')
      await eventually(() => output.text.includes('\x1b[33m42\x1b[39m\r\n'))
      expect(output.text).not.toContain('\uFFFD')
      input.write('\x04')
      await client.join()
      expect(input.raw).toEqual([true, false])
    }))

  it('leaves at Ctrl-] although the other side is busy', () =>
    withBackdoor({}, async (address) => {
      const [input, output] = [new Keys(), new Screen()]
      const client = schedule(() => runBackdoorTerminal(address, { input, output }))
      await eventually(() => output.text.includes('> '))
      input.write('await new Promise(() => {})\r')
      input.write('\x1d')
      await client.join()
      expect(input.raw).toEqual([true, false])
    }))

  it('sends what comes from a pipe as it is, and waits for the answers', () =>
    withBackdoor({}, async (address) => {
      const [input, output] = [new PassThrough(), new Screen()]
      output.isTTY = false
      input.end('1 + 1\nawait new Promise((done) => setTimeout(done, 20, 3))\n')
      await runBackdoorTerminal(address, { input, output })
      expect(output.text).toBe('Hello\n> 2\n> 3\n> ')
    }))
})

describe('top', () => {
  it('sees who runs and who waits', async () => {
    const burn = (ms: number) => {
      for (const endMs = performance.now() + ms; performance.now() < endMs;);
    }
    const busy = [
      schedule(async function burner() {
        for (;;) {
          burn(6)
          await pauseFor(4)
        }
      }),
      schedule(function* stepper() {
        for (;;) {
          burn(2)
          yield* pauseFor(4)
        }
      }),
      schedule(async function idler() {
        await pauseFor(1e6)
      }),
    ]
    await pause()
    const snapshot = await takeSnapshot(300)
    for (const greenlet of busy) {
      end(greenlet)
      await greenlet.join().catch(() => {})
    }
    const [first, second] = snapshot.greenlets
    expect([first?.name, second?.name]).toEqual(['burner', 'stepper'])
    expect(first!.run).toBeGreaterThan(0.25)
    expect(second!.run).toBeLessThan(first!.run)
    expect(snapshot.greenlets.reduce((sum, { run }) => sum + run, 0)).toBeLessThanOrEqual(1.01)
    const idler = snapshot.greenlets.find(({ name }) => name === 'idler')
    expect(idler).toMatchObject({ state: 'blocked', wait: 'pauseFor', run: 0 })
    expect(idler!.waitMs).toBeGreaterThanOrEqual(290)
    const lines = renderTop(snapshot, { columns: 60, rows: 12, colors: false, order: 'run' })
    expect(lines.length).toBeLessThanOrEqual(12)
    expect(lines.every((line) => line.length <= 60)).toBe(true)
    expect(lines.join('\n')).toMatch(/id +run +switches[^]*burner/)
  })

  it('draws one look over the other, sorts by keys, and puts the screen back', () =>
    withBackdoor({ allow: ['inspect'], auth: { token } }, async (address) => {
      const [input, output] = [new Keys(), new Screen()]
      const options = { input, output, token, intervalMs: 30 }
      const top = schedule(() => runTop(address, options))
      await eventually(() => (output.text.match(/process \d+, Node/g)?.length ?? 0) >= 2)
      input.write('w')
      input.write('q')
      await top.join()
      expect(output.text.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true)
      expect(output.text.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
      expect(input.raw).toEqual([true, false])
    }))

  it('shows one look as plain lines where there is no terminal', () =>
    withBackdoor({}, async (address) => {
      const output = new Screen()
      output.isTTY = false
      await runTop(address, { output, intervalMs: 20 })
      expect(output.text).toMatch(/^process \d+, Node v[^]*StreamServer backdoor: [^]*accepting/)
      expect(output.text).not.toContain('\x1b')
    }))

  it.each([
    [5, '5 ms'],
    [12_345, '12.3 s'],
    [245_000, '4:05'],
    [3_720_000, '1 h 2 m'],
    [183_600_000, '2 d 3 h'],
  ])('writes %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text))
})
