import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, pauseFor, schedule, type Greenlet } from '@greenhouse/scheduler'
import { inspectable } from '@greenhouse/scheduler/kernel'
import { Lock, Queue } from '@greenhouse/util'
import { permissionsOf } from '../src/security/permissions.ts'
import { clientGreeting } from '../src/core/telnet.ts'
import { eventually, TestClient, withHandler } from './support.ts'

let folder = ''

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'greenhouse-'))))
afterAll(() => rm(folder, { recursive: true }))

/** A greenlet that waits until it is ended, or something is thrown into it. */
function sleeper(name = 'sleeper'): Greenlet {
  const greenlet = schedule(function* () {
    yield* pauseFor(1e6)
  })
  greenlet.name = name
  greenlet.join().catch(() => {})
  return greenlet
}

/** Sends a line once the prompt is there. */
async function session(address: Parameters<typeof TestClient.connect>[0]): Promise<TestClient> {
  const client = await TestClient.connect(address)
  await client.until('> ')
  return client
}

describe('the commands', () => {
  it('show greenlets as a tree, one alone, and those that match', () =>
    withHandler({}, async (address) => {
      const greenlet = sleeper('one\x1b[31m')
      await pause()
      const client = await session(address)
      await client.say('.greenlets\n')
      const tree = await client.until('running\n> ')
      expect(tree).toMatch(
        /0 "main" main[^]* "accepting" generator, blocked\n +waits for Listener.accept/,
      )
      expect(tree).not.toContain('\x1b')
      expect(await client.ask('.greenlets one?')).toMatch(
        /^\d+ "one\?\[31m" generator, blocked\n {4}waits for pauseFor for \d+ ms\n$/,
      )
      expect(await client.ask(`.greenlet ${greenlet.id}`)).toContain('waits for pauseFor')
      expect(await client.ask('.greenlet 99999')).toContain('no living greenlet 99999')
      expect(await client.ask('.greenlet')).toContain('no living greenlet without an id')
      expect(await client.ask(`.end ${greenlet.id}`)).toContain(`Ended greenlet ${greenlet.id}`)
      await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(await client.ask('.end 0')).toContain('a greenlet other than main')
      client.close()
    }))

  it('throw what an expression of the session gives', () =>
    withHandler({}, async (address) => {
      const greenlet = sleeper()
      await pause()
      const client = await session(address)
      await client.ask("class Oops extends Error {}; var text = 'enough'")
      expect(await client.ask(`.throw ${greenlet.id} new Oops(text)`)).toContain('Thrown into')
      await expect(greenlet.join()).rejects.toMatchObject({ message: 'enough' })
      expect(await client.ask('.throw 0')).toContain('Usage: .throw ID EXPRESSION')
      expect(await client.ask(`.throw ${greenlet.id} 1`)).toContain('no living greenlet')
      client.close()
    }))

  it('show the loop, pools, locks with owners and waiters, and patches', () =>
    withHandler({}, async (address) => {
      const queue = new Queue(Infinity, { name: 'jobs' })
      const lock = new Lock({ name: 'db' })
      const patch = { name: 'net', statistics: () => ({ names: ['Socket'] }) }
      inspectable('Patch', patch)
      const waiting = schedule(async function impatient() {
        await lock.acquire()
      })
      const holding = schedule(async function holder() {
        await lock.run(() => pauseFor(1e6))
      })
      for (const greenlet of [waiting, holding]) greenlet.join().catch(() => {})
      await pause()
      const client = await session(address)
      await client.say('.loop 0.05\n')
      const loop = await client.until('> ')
      expect(loop).toMatch(/lag, 99 % +\d+\.\d ms\n/)
      expect(loop).toMatch(/switches +\d+ a second\n/)
      expect(await client.ask('.pools')).toMatch(/Queue +jobs +.*size 0|Queue +jobs/)
      const [, row = ''] = /\n(Lock .*)\n/.exec(await client.ask('.locks')) ?? []
      expect(row).toMatch(
        /^Lock +db +\d+ "impatient" +locked true, waiting 1 +\d+ "holder" \(\d+ ms\)$/,
      )
      expect(await client.ask('.patches')).toMatch(/Patch +net +names \["Socket"\]/)
      await client.say(`.end ${holding.id}\n`)
      await client.until('> ')
      client.close()
      expect(queue.name + patch.name).toBe('jobsnet')
    }))

  it(
    'record a trace, a profile and the heap, in new files of one’s own',
    () =>
      withHandler({ namespace: { pauseFor } }, async (address) => {
        const client = await session(address)
        const [trace, profile, heap] = ['t.json', 'p.cpuprofile', 'h.heapsnapshot'].map((name) =>
          join(folder, name),
        ) as [string, string, string]
        expect(await client.ask(`.trace on ${trace}`)).toBe(`Tracing to ${trace}\n`)
        expect(await client.ask(`.trace on ${trace}2`)).toContain('A trace is being written')
        await client.ask('await pauseFor(1)')
        expect(await client.ask('.trace off')).toMatch(/Wrote [1-9]\d* events to/)
        expect(await client.ask('.trace off')).toContain('No trace')
        expect(JSON.parse(await readFile(trace, 'utf8'))).toBeInstanceOf(Array)
        expect(await client.ask(`.profile 0.05s ${profile}`)).toContain(`Wrote ${profile}`)
        expect(JSON.parse(await readFile(profile, 'utf8'))).toHaveProperty('nodes')
        await client.say(`.heap ${heap}\n`)
        await client.until('Wrote', 50_000)
        await client.until('> ')
        expect((await readFile(heap, 'utf8')).slice(0, 12)).toContain('"snapshot"')
        for (const file of [trace, profile, heap])
          expect((await stat(file)).mode & 0o777).toBe(0o600)
        await writeFile(join(folder, 'precious'), 'x')
        expect(await client.ask(`.heap ${join(folder, 'precious')}`)).toContain('EEXIST')
        expect(await client.ask('.profile soon')).toContain('Usage')
        client.close()
      }),
    60_000,
  )

  it('stop at Ctrl-C, with what there is', () =>
    withHandler({}, async (address) => {
      const client = await session(address)
      await client.say(`.profile 1000s ${join(folder, 'early.cpuprofile')}\n`)
      await client.until('Recording for 1000 s\n')
      await client.say('\x03')
      expect(await client.until('> ')).toContain('Wrote')
      await client.say('.loop 60\n')
      await pauseFor(20)
      await client.say('\x03')
      expect(await client.until('> ')).toBe('Interrupted: by Ctrl-C\n')
      client.close()
    }))
})

describe('a backdoor that only inspects', () => {
  it('evaluates nothing, and has no command that acts', () =>
    withHandler({ allow: ['inspect'], namespace: { secret: 1 } }, async (address) => {
      const greenlet = sleeper()
      await pause()
      const client = await session(address)
      const refusal = 'This backdoor evaluates nothing. .help lists what it does.\n'
      const others = ['.end 0', '.throw 0 1', '.trace on x', '.heap x', '.profile 1s x']
      for (const line of ['1', 'secret', 'process.exit()', '.load x', '.editor', ...others]) {
        expect(await client.ask(line), line).toBe(refusal)
      }
      expect(await client.ask(`.greenlet ${greenlet.id}`)).toContain('"sleeper"')
      const help = await client.ask('.help')
      expect(help.match(/^\.\w+/gm)).toEqual([
        '.greenlets',
        '.greenlet',
        '.loop',
        '.snapshot',
        '.pools',
        '.locks',
        '.patches',
        '.exit',
      ])
      expect(greenlet.state).toBe('blocked')
      await client.say(clientGreeting(80, 24, 'dumb'))
      await client.until('> ')
      await client.say('.gre\t\t')
      await client.until('.greenlets')
      await client.say('\x15.exit\r')
      await client.rest()
      client.close()
    }))

  it('takes what else is allowed, and refuses what it does not know', () => {
    expect(() => permissionsOf(['look' as never])).toThrow(/inspect, act, record, evaluate/)
    return withHandler({ allow: ['inspect', 'act'] }, async (address) => {
      const greenlet = sleeper()
      const client = await session(address)
      expect(await client.ask(`.end ${greenlet.id}`)).toContain('Ended')
      client.close()
      await eventually(() => greenlet.state === 'ended')
    })
  })
})

describe('a terminal', () => {
  it('has its lines edited, completed and remembered here', () =>
    withHandler({ namespace: { answer: 42 } }, async (address) => {
      const client = await session(address)
      await client.say(clientGreeting(100, 30, 'xterm'))
      await client.until('> ')
      await client.say('answ')
      await client.until('answ')
      await client.say('\t')
      await client.until('er')
      await client.say(' + 1\r')
      // The number is coloured, and lines end as a terminal in raw mode wants.
      await client.until('\x1b[33m43\x1b[39m\r\n')
      await client.until('> ')
      await client.say('\x1b[A\x7f2\r')
      await client.until('\x1b[33m44\x1b[39m\r\n')
      await client.say('function twice(x) {\rreturn 2 * x\r}\rtwice(21)\r')
      await client.until('\x1b[33m42\x1b[39m\r\n')
      await client.say('process.stdout.columns; await new Promise(() => {})\r')
      await pauseFor(50)
      await client.say('\x03')
      await client.until('Interrupted')
      await client.say('answer\r')
      await client.until('\x1b[33m42\x1b[39m\r\n')
      await client.say('\x04')
      await client.rest()
      client.close()
    }))
})
