import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pauseFor, schedule } from '@greenhouse/scheduler'
import { eventually, TestClient, withHandler } from './support.ts'

const { stdout, stderr } = process
let written = ''

beforeEach(() => {
  written = ''
  const record = ((chunk: string | Uint8Array) => {
    written += String(chunk)
    return true
  }) as typeof stdout.write
  vi.spyOn(stdout, 'write').mockImplementation(record)
  vi.spyOn(stderr, 'write').mockImplementation(record)
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** As a library would write, which knows nothing of sessions. */
function report(text: string): void {
  stdout.write(`${text}\n`)
}

const namespace = { pauseFor, schedule, report }

describe('what a session prints', () => {
  it('goes to its socket, also after a wait, in timers and in greenlets that it starts', () =>
    withHandler({ namespace }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      expect(await client.ask("report('one')")).toBe('one\n')
      expect(await client.ask("await pauseFor(5); report('two')")).toBe('two\n')
      expect(await client.ask("process.stderr.write('three\\n')")).toBe('three\ntrue\n')
      await client.say("setTimeout(report, 1, 'four') && 0\n")
      await client.until('four\n')
      await client.say("void schedule(async () => { await pauseFor(2); report('five') })\n")
      await client.until('five\n')
      await client.say("void schedule(function* () { yield* pauseFor(2); report('six') })\n")
      await client.until('six\n')
      const done = "await new Promise((done) => process.stdout.write('7\\n', 'utf8', done))"
      await client.ask('0')
      expect(await client.ask(done)).toBe('7\n')
      client.close()
      expect(written).toBe('')
    }))

  it('leaves the output of other greenlets and sessions where it was', () =>
    withHandler({ namespace }, async (address) => {
      const [a, b] = [await TestClient.connect(address), await TestClient.connect(address)]
      await a.until('> ')
      await b.until('> ')
      const other = schedule(async () => {
        for (let i = 0; i < 5; i++) {
          report('other')
          await pauseFor(2)
        }
      })
      const says = (who: string) =>
        `for (let i = 0; i < 5; i++) { report('${who}'); await pauseFor(2) }`
      const answers = await Promise.all([a.ask(says('a')), b.ask(says('b')), other.join()])
      expect(answers.slice(0, 2)).toEqual(['a\n'.repeat(5), 'b\n'.repeat(5)])
      expect(written).toBe('other\n'.repeat(5))
      a.close()
      b.close()
    }))

  it('goes to the process once the session is over', () =>
    withHandler({ namespace }, async (address) => {
      const [a, b] = [await TestClient.connect(address), await TestClient.connect(address)]
      await a.until('> ')
      await b.until('> ')
      await a.say("void schedule(async () => { await pauseFor(30); report('late') }); 1\n")
      await a.until('1\n')
      await a.say('.exit\n')
      await a.rest()
      await eventually(() => written === 'late\n')
      a.close()
      b.close()
    }))

  it('stdout, stderr and process are as they were when no session is left', async () => {
    const methods = () => [
      Object.getOwnPropertyDescriptor(stdout, 'write'),
      Object.getOwnPropertyDescriptor(stderr, 'write'),
      Object.getOwnPropertyDescriptor(process, 'emit'),
    ]
    const before = methods()
    await withHandler({ namespace }, async (address) => {
      expect(methods()).toEqual(before)
      const [a, b] = [await TestClient.connect(address), await TestClient.connect(address)]
      await a.until('> ')
      await b.until('> ')
      expect(methods().every((now, i) => now?.value !== before[i]?.value)).toBe(true)
      await a.say('.exit\n')
      await a.rest()
      expect(methods().some((now, i) => now?.value === before[i]?.value)).toBe(false)
      await b.say('.exit\n')
      await b.rest()
      expect(methods()).toEqual(before)
      a.close()
      b.close()
    })
  })

  it('leaves alone what somebody has put over stdout meanwhile', () =>
    withHandler({ namespace }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      // oxlint-disable-next-line typescript/unbound-method -- put back as it was
      const ours = stdout.write
      const theirs = ((chunk: string) => ours.call(stdout, `[${chunk.trim()}]`)) as typeof ours
      stdout.write = theirs
      await client.say('.exit\n')
      await client.rest()
      client.close()
      expect(Object.getOwnPropertyDescriptor(stdout, 'write')?.value).toBe(theirs)
      report('x')
      expect(written).toBe('[x]')
      const again = await TestClient.connect(address)
      await again.until('> ')
      expect(await again.ask("report('y')")).toBe('[y]')
      expect(written).toBe('[x]')
      again.close()
    }))
})
