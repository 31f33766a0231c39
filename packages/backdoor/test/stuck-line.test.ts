import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { stuckAddressOf } from '../src/stuck/stuck-line.ts'
import { TestClient, withBackdoor } from './support.ts'

let child: ChildProcess | undefined

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  child = undefined
})

/** Starts the fixture; gives where its backdoor and its stuck line are. */
async function start(...args: string[]): Promise<{ address: string; stuckAddress: string }> {
  const fixture = fileURLToPath(new URL('fixtures/stuck.ts', import.meta.url))
  const flags = ['--conditions=@greenhouse/source', '--import', 'tsx', '--no-warnings']
  child = spawn(process.execPath, [...flags, fixture, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return JSON.parse(line) as { address: string; stuckAddress: string }
}

async function ask(address: string, words = ''): Promise<string> {
  const client = await TestClient.connect(address)
  await client.say(words)
  const answer = await client.rest()
  client.close()
  return answer
}

describe('the stuck line', () => {
  it('names the session that loops for ever, with its stack and all greenlets', async () => {
    const { address, stuckAddress } = await start()
    expect(await ask(stuckAddress)).toMatch(/turns; its last sign of life[^]*"bystander"/)
    const client = await TestClient.connect(address)
    await client.until('> ')
    await client.say('spin()\n')
    let answer = ''
    do answer = await ask(stuckAddress)
    while (!answer.includes('has been held'))
    expect(answer).toMatch(/held for \d+ ms, since \d{4}-\d\d-\d\dT/)
    expect(answer).toMatch(/greenlet \d+ "backdoor expression" holds it:/)
    expect(answer).toMatch(/at spin \(.*stuck\.ts:\d+:\d+\)/)
    expect(answer).toMatch(/at .*\(REPL\d+:1:1\)/)
    expect(answer).toMatch(/"bystander" async, blocked/)
    // It was only looked at: it still holds the loop, and can be asked again.
    expect(await ask(stuckAddress)).toContain('at spin (')
    client.close()
  })

  it('tells of a call outside JavaScript what it can: since when, and the last dump', async () => {
    const { address, stuckAddress } = await start()
    const client = await TestClient.connect(address)
    await client.until('> ')
    await client.say('sleepInNative()\n')
    let answer = ''
    do answer = await ask(stuckAddress)
    while (!answer.includes('has been held'))
    expect(answer).toContain('No JavaScript to stop at')
    expect(answer).toMatch(/Greenlets \d+ ms ago:[^]*"bystander"/)
    await client.until('> ')
    expect(await client.ask('6 * 7')).toBe('42\n')
    expect(await ask(stuckAddress)).toContain('turns')
    client.close()
  })

  it('is private beside a UNIX socket, tells nothing without the token, and goes with the door', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenhouse-'))
    const path = join(folder, 'door')
    const token = 'correct horse battery'
    await withBackdoor({ at: `unix:${path}`, stuckLine: true, auth: { token } }, async () => {
      expect((await stat(`${path}.stuck`)).mode & 0o777).toBe(0o600)
      expect((await readdir(folder)).sort()).toEqual(['door', 'door.stuck'])
      const stuckAddress = `unix:${path}.stuck`
      expect(await ask(stuckAddress, 'guess\n')).toBe('Token: Wrong token.\n')
      expect(await ask(stuckAddress, `${token}\r\n`)).toMatch(
        /^Token: The event loop of process \d+ turns/,
      )
      for (let i = 0; i < 5; i++) await ask(stuckAddress, 'guess\n')
      expect(await ask(stuckAddress, `${token}\n`)).toContain('Too many wrong tokens')
    })
    expect(await readdir(folder)).toEqual([])
    await rm(folder, { recursive: true })
  })

  it('has its place beside the backdoor', () => {
    expect(stuckAddressOf({ path: '/run/door' })).toEqual({ path: '/run/door.stuck' })
    expect(stuckAddressOf({ host: '::1', port: 7000 })).toEqual({ host: '::1', port: 7001 })
  })
})
