import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Socket } from '@greenhouse/io'
import { dump } from '@greenhouse/scheduler'
import { eventually, TestClient, withBackdoor, withHandler } from './support.ts'

const token = 'correct horse battery'
const warnings: string[] = []
const record = (message: unknown) => {
  const { level, message: text } = message as { level: string; message: string }
  if (level === 'warn') warnings.push(text)
}

beforeAll(() => subscribe('greenhouse:log', record))
afterAll(() => {
  unsubscribe('greenhouse:log', record)
  // The log does not grow with the attack.
  expect(warnings.length).toBeLessThanOrEqual(60)
})

/** Of the one that listens: those of earlier tests may still be there. */
function activeSessions(): number {
  const servers = dump().registered.filter(({ name }) => name === 'backdoor')
  const all = servers.map(({ statistics }) => statistics as { listening: boolean; active: number })
  return all.find(({ listening }) => listening)!.active
}

describe('a backdoor that is abused', () => {
  it('lets the operator in past 1,000 connections that never authenticate', () =>
    withBackdoor({ auth: { token } }, async (address) => {
      const idle: Socket[] = []
      for (let round = 0; round < 10; round++) {
        await Promise.all(
          Array.from({ length: 100 }, async () => idle.push(await connect(address))),
        )
      }
      const client = await TestClient.connect(address)
      await client.say(`${token}\n`)
      await client.until('> ')
      expect(await client.ask('6 * 7')).toBe('42\n')
      expect(activeSessions()).toBeLessThanOrEqual(65)
      client.close()
      for (const socket of idle) socket.close()
    }))

  it('cuts off 100 clients that never read, and keeps little for them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'greenhouse-'))
    // The system itself keeps less for a UNIX socket, so that it takes less to fill it.
    const options = {
      at: `unix:${join(folder, 'door')}`,
      maxSessions: 101,
      maxQueuedBytes: 65_536,
      allow: ['inspect'] as const,
    }
    await withBackdoor(options, async (address) => {
      const before = process.memoryUsage().rss
      const deaf: Socket[] = []
      for (let i = 0; i < 100; i++) {
        const socket = await connect(address)
        await socket.sendAll(Buffer.from('.help\n'.repeat(2000)))
        deaf.push(socket)
      }
      const client = await TestClient.connect(address)
      await client.until('> ')
      await eventually(() => activeSessions() === 1)
      expect(await client.ask('.greenlets backdoor')).toContain('backdoor .greenlets')
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
      client.close()
      for (const socket of deaf) socket.close()
    })
    await rm(folder, { recursive: true })
  })

  it('cuts off a line that never ends', () =>
    withBackdoor({ maxLineLength: 1000 }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      await client.say('x'.repeat(1001))
      expect(await client.rest()).toContain('A line of more than 1000 characters')
      const other = await TestClient.connect(address)
      await other.until('> ')
      for (let i = 0; i < 20; i++) await other.say(`[${' '.repeat(50)}\n`)
      expect(await other.until('Uncaught')).toMatch(/\.\.\.|\| /)
      expect(await other.until('> ')).toContain('More than 1000 characters')
      expect(await other.ask('1')).toBe('1\n')
      client.close()
      other.close()
    }))

  it('holds what is typed far ahead of an expression that runs, and loses none', () =>
    withBackdoor({ maxLineLength: 1000 }, async (address) => {
      const client = await TestClient.connect(address)
      await client.until('> ')
      const lines = Array.from({ length: 300 }, (_, i) => `count = ${i}\n`).join('')
      const wait = 'await new Promise((done) => setTimeout(done, 100))\n'
      await client.say(`let count; ${wait}${lines}'end'\n`)
      await client.until("'end'\n> ")
      expect(await client.ask('count')).toBe('299\n')
      client.close()
    }))

  it.each([
    ['a session', {}],
    ['a session that only inspects', { allow: ['inspect'] as const }],
    ['somebody who has no token', { auth: { token, attempts: Infinity } }],
  ])('survives any bytes from %s', (_who, options) =>
    withHandler(options, async (address) => {
      const nasty = fc.constantFrom(
        ...[
          '\x03',
          '\x04',
          '\x1a',
          '\x1b[A',
          '\x1b',
          '\t',
          '.editor\r',
          '.load /\r',
          '.break\r',
          '\x12',
          '`${',
        ],
        ...['\xff\xfd\x01', '\xff\xfe\x01', '\xff\xfa', '\xff\xf0', '\xff\xf4', '\xff\xff', '\0'],
        ...['.end 0\r', '.throw\r', '.trace on\r', '{{{\n', "'\n", '.help\n', '\r\n', ')\n'],
      )
      const anything = fc.oneof(
        nasty.map((text) => Buffer.from(text, 'latin1')),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(anything, { maxLength: 12 }), async (pieces) => {
          const socket = await connect(address)
          try {
            for (const piece of pieces) await socket.sendAll(piece)
            await socket.shutdown()
            while ((await socket.recv(undefined, { timeoutMs: 4000 })).length > 0);
          } catch (error) {
            // Cut off in the middle is fine; hanging is not.
            expect(['EPIPE', 'ECONNRESET']).toContain((error as { code?: string }).code)
          } finally {
            socket.close()
          }
        }),
        { numRuns: 30 },
      )
      const client = await TestClient.connect(address)
      await client.until('auth' in options ? 'Token: ' : '> ')
      client.close()
    }),
  )
})
