import { statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { StreamServer } from '@greenhouse/io'
import { end } from '@greenhouse/scheduler'
import { runBackdoor } from '../src/backdoor.ts'
import { bindPrivately } from '../src/core/private-path.ts'
import { TestClient, withBackdoor } from './support.ts'

const token = 'correct horse battery'
const log: string[] = []
const record = (message: unknown) => void log.push((message as { message: string }).message)

beforeEach(() => {
  log.length = 0
  subscribe('greenhouse:log', record)
})

afterEach(() => {
  unsubscribe('greenhouse:log', record)
})

describe('runBackdoor', () => {
  it('serves until its greenlet is ended, and takes its sessions along', () =>
    withBackdoor({ namespace: { n: 6 } }, async (address, greenlet) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      expect(await client.ask('n * 7')).toBe('42\n')
      end(greenlet)
      await expect(greenlet.join()).rejects.toMatchObject({ code: 'GH_EXIT' })
      expect(await client.rest()).toBe('The backdoor closes.\n')
      await expect(TestClient.connect(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      client.close()
    }))

  it('says in the log where it is open, and to whom', () =>
    withBackdoor({}, async (address) => {
      expect(log).toEqual([
        `The backdoor is open at ${address}: every user of this machine can reach it, without authentication or TLS`,
      ])
    }))

  it('refuses the network without authentication and TLS', () => {
    expect(() => runBackdoor('0.0.0.0:0')).toThrow(/does not listen on 0.0.0.0:0/)
    expect(() => runBackdoor('0.0.0.0:0', { auth: { token } })).toThrow(/without TLS/)
    expect(() => runBackdoor(':0', { unsafeAllowRemoteWithoutTls: true })).toThrow(/authentication/)
    expect(log).toEqual([])
  })

  it('serves the network with an override, and warns', () =>
    withBackdoor(
      { at: '0.0.0.0:0', auth: { token }, unsafeAllowRemoteWithoutTls: true },
      async (address) => {
        expect(log[0]).toContain('everybody on the network can reach it, without TLS')
        const client = await TestClient.connect(address.replace('0.0.0.0', '127.0.0.1'))
        await client.until('Token: ')
        client.close()
      },
    ))

  it('lets in who has the token, and tells the others nothing', () =>
    withBackdoor({ auth: { token } }, async (address) => {
      const client = await TestClient.connect(address)
      expect(await client.until('Token: ')).toBe('')
      await client.say('1 + 1\r\n')
      expect(await client.until('Token: ')).toBe('Wrong token.\n')
      await client.say(`${token}\r\n1 + 1\r\n`)
      expect(await client.until('> ')).toBe('Hello\n')
      expect(await client.until('> ')).toBe('2\n')
      client.close()
      expect(log.some((line) => line.includes('wrong token by 127.0.0.1'))).toBe(true)
      expect(log.join()).not.toContain(token)
    }))

  it('locks out who guesses, over all connections', () =>
    withBackdoor({ auth: { token, attempts: 4 } }, async (address) => {
      const first = await TestClient.connect(address)
      await first.say('guess 1\nguess 2\nguess 3\n')
      expect(await first.rest()).toBe(
        'Token: Wrong token.\nToken: Wrong token.\nToken: Wrong token.\n',
      )
      const second = await TestClient.connect(address)
      await second.say(`guess 4\n${token}\n`)
      expect(await second.rest()).toContain('Too many wrong tokens')
      const third = await TestClient.connect(address)
      expect(await third.rest()).toBe('')
      for (const client of [first, second, third]) client.close()
    }))

  it('gives up on who does not authenticate in time', () =>
    withBackdoor({ auth: { token }, authTimeoutMs: 30 }, async (address) => {
      const client = await TestClient.connect(address)
      expect(await client.rest()).toBe('Token: Too late.\n')
      client.close()
    }))

  it('holds no more sessions than it may', () =>
    withBackdoor({ maxSessions: 2 }, async (address) => {
      const clients = [await TestClient.connect(address), await TestClient.connect(address)]
      for (const client of clients) await client.until('> ')
      const third = await TestClient.connect(address)
      expect(await third.rest()).toBe('Too many sessions.\n')
      await clients[0]!.say('.exit\n')
      await clients[0]!.rest()
      const fourth = await TestClient.connect(address)
      await fourth.until('> ')
      for (const client of [...clients, third, fourth]) client.close()
    }))
})

describe('a backdoor on a UNIX socket', () => {
  let folder = ''
  let path = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'greenhouse-'))
    path = join(folder, 'door')
  })

  afterEach(() => rm(folder, { recursive: true }))

  it.each([0o000, 0o022, 0o077])('keeps everybody else out, under umask %o', async (mask) => {
    const before = process.umask(mask)
    try {
      await withBackdoor({ at: `unix:${path}` }, async (address) => {
        expect(statSync(path).mode & 0o777).toBe(0o600)
        expect(process.umask()).toBe(mask)
        const client = await TestClient.connect(address)
        await client.until('> ')
        client.close()
        expect(log[0]).toContain('every process of this user')
      })
    } finally {
      process.umask(before)
    }
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('takes the place of a socket whose process is gone, and of nothing else', async () => {
    const { spawnSync } = await import('node:child_process')
    const die = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`
    spawnSync(process.execPath, ['-e', die])
    expect(statSync(path).isSocket()).toBe(true)
    await withBackdoor({ at: `unix:${path}` }, async () => {
      await expect(withBackdoor({ at: `unix:${path}` }, async () => {})).rejects.toMatchObject({
        code: 'EADDRINUSE',
      })
      const client = await TestClient.connect(`unix:${path}`)
      await client.until('> ')
      client.close()
    })
    writeFileSync(path, 'precious')
    await expect(withBackdoor({ at: `unix:${path}` }, async () => {})).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    expect(statSync(path).isFile()).toBe(true)
  })

  it('cannot be connected to by others even in the instant before its mode is set', async () => {
    const before = process.umask(0)
    const server = new StreamServer(() => {})
    try {
      const starting = bindPrivately(() => server.start({ path }))
      // Bound by now, and not yet private.
      expect((statSync(path).mode & 0o022).toString(8)).toBe('0')
      await starting
    } finally {
      process.umask(before)
      await server.stop()
    }
  })
})
