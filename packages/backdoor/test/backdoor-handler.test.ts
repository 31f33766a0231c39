import { describe, expect, it, vi } from 'vitest'
import { dump, GreenletExit, pauseFor, schedule, type GreenletDump } from '@greenhouse/scheduler'
import { clientGreeting } from '../src/core/telnet.ts'
import { eventually, TestClient, withHandler } from './support.ts'

describe('backdoorHandler', () => {
  it('B01 says its banner and a prompt, prints what is printed, and prompts again', () =>
    withHandler({}, async (address) => {
      const client = await TestClient.connect(address)
      expect(await client.until('> ')).toBe('Hello\n')
      expect(await client.ask("console.log('hello')")).toBe('hello\n')
      expect(await client.ask('1 + 1')).toBe('2\n')
      client.close()
    }))

  it('B02 gives each session names of its own', () =>
    withHandler({ namespace: { shared: { n: 1 }, x: 0 } }, async (address) => {
      const [a, b] = [await TestClient.connect(address), await TestClient.connect(address)]
      await a.until('> ')
      await b.until('> ')
      expect(await a.ask('var mine = 2; const fixed = 3')).toBe('')
      expect(await a.ask('x = 1')).toBe('1\n')
      expect(await b.ask('[x, typeof mine, typeof fixed]')).toBe(
        "[ 0, 'undefined', 'undefined' ]\n",
      )
      expect(await b.ask('x = 5')).toBe('5\n')
      expect(await a.ask('[x, mine, fixed]')).toBe('[ 1, 2, 3 ]\n')
      expect(await a.ask('shared.n++')).toBe('1\n')
      expect(await b.ask('shared.n')).toBe('2\n')
      a.close()
      b.close()
    }))

  it('Q24 hears Ctrl-D wherever it stands in what comes', () =>
    withHandler({}, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say("'before'\n\x04'after'\n")
      expect(await client.rest()).toBe("'before'\n> ")
      const other = await TestClient.connect(address)
      await other.until('> ')
      await other.say('\x04')
      expect(await other.rest()).toBe('')
      client.close()
      other.close()
    }))

  it('Q24 closes the connection at the end of the stream, once all that was asked is answered', () =>
    withHandler({}, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say('await new Promise((done) => setTimeout(done, 20, 1))\n2\nlast = 3')
      await client.socket.shutdown()
      expect(await client.rest()).toBe('1\n> 2\n> 3\n> ')
      client.close()
    }))

  it('Q11 lets exit, quit and a thrown GreenletExit end nothing but the session', () =>
    withHandler({ namespace: { GreenletExit } }, async (address) => {
      for (const way of ['exit()', 'quit()', '.exit']) {
        const client = await TestClient.connect(address)
        await client.until('> ')
        await client.say(`${way}\n`)
        expect(await client.rest(), way).toBe('')
        client.close()
      }
      const client = await TestClient.connect(address)
      await client.until('> ')
      expect(await client.ask('throw new GreenletExit()')).toContain('Uncaught [GreenletExit')
      expect(await client.ask('process.exit()')).toContain('would end the whole process')
      expect(await client.ask(' process.exit(1);')).toContain('would end the whole process')
      expect(await client.ask('1')).toBe('1\n')
      client.close()
    }))

  it('keeps stray errors of a session in it', () =>
    withHandler({ namespace: { schedule } }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      const strays = [
        "void setTimeout(() => { throw new Error('lost') }, 1)",
        "void Promise.reject(new Error('lost'))",
        "void (async () => { await 1; throw new Error('lost') })()",
        "void schedule(async () => { throw new Error('lost') })",
        "void schedule(function* () { throw new Error('lost') })",
      ]
      for (const stray of strays) {
        await client.say(`${stray}\n`)
        await client.until('Uncaught')
        await client.until('Error: lost')
        await client.until('> ')
      }
      client.text = ''
      client.close()
    }))

  it.each([
    ['LF', '\n'],
    ['CR LF', '\r\n'],
    ['CR NUL', '\r\0'],
    ['CR', '\r'],
  ])('takes lines that end with %s, however they are cut', (_name, end) =>
    withHandler({}, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      const words = `40 + 1${end}function f() {${end}  return 'ö'${end}}${end}f()${end}`
      for (const byte of Buffer.from(words)) await client.say(Buffer.of(byte))
      expect(Buffer.from(await client.until('> '), 'latin1').toString()).toBe('41\n')
      expect(Buffer.from(await client.until("'\n> "), 'latin1').toString()).toMatch(/'ö$/)
      client.close()
    }),
  )

  it('runs lines one after another, though they wait', () =>
    withHandler({ namespace: { pauseFor } }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say('await pauseFor(20), 1\nawait pauseFor(1), 2\n3\n')
      expect(await client.until('3\n> ')).toBe('1\n> 2\n> ')
      client.close()
    }))

  it('Ctrl-C interrupts the expression that waits, and nothing else', () =>
    withHandler({ namespace: { pauseFor } }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      const waits = "try { await pauseFor(1e6) } finally { console.log('cleaned up') }"
      for (const key of ['\x03', Buffer.of(255, 244), Buffer.of(255, 243)]) {
        await client.say(`${waits}\n`)
        await eventually(() => dump().greenlets.some(isExpression))
        await client.say(key)
        expect(await client.until('> ')).toBe('cleaned up\nUncaught Interrupted: by Ctrl-C\n')
      }
      expect(await client.ask('1')).toBe('1\n')
      client.close()
    }))

  it('Ctrl-C gives the prompt back when an expression waits for what cannot be interrupted', () => {
    let release = () => {}
    const foreign = new Promise<void>((resolve) => (release = resolve))
    return withHandler({ namespace: { foreign } }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.ask('const kept = 7')
      await client.say("await foreign; console.log('went on')\n")
      await eventually(() => dump().greenlets.some(isExpression))
      await client.say('\x03')
      expect(await client.until('> ')).toBe('Interrupted; what ran goes on until its next wait\n')
      expect(await client.ask('kept')).toBe('7\n')
      release()
      await client.until('went on\n')
      await eventually(() => !dump().greenlets.some(isExpression))
      expect(await client.ask('kept + 1')).toBe('8\n')
      client.close()
    })
  })

  it('ends what a session runs when its client is gone', () =>
    withHandler({ namespace: { pauseFor } }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say(clientGreeting(80, 24, 'dumb'))
      await client.until('> ')
      await client.say('await pauseFor(1e6)\r')
      await eventually(() => dump().greenlets.some(isExpression))
      client.close()
      await eventually(() => !dump().greenlets.some(isExpression))
    }))

  it.each([
    ['evaluates', {}],
    ['only inspects', { allow: ['inspect'] as const }],
  ])('leaves the process running at Ctrl-Z: a session that %s', (_what, options) =>
    withHandler(options, async (address) => {
      const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say(clientGreeting(80, 24, 'dumb'))
      await client.until('> ')
      await client.say('\x1a.help\r')
      await client.until('.exit')
      expect(kill).not.toHaveBeenCalled()
      kill.mockRestore()
      client.close()
    }),
  )
})

function isExpression({ name, state }: GreenletDump): boolean {
  return name === 'backdoor expression' && state === 'blocked'
}
