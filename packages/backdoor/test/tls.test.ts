import { readFileSync } from 'node:fs'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '@greenhouse/io'
import { connectBackdoor } from '../src/client/connect.ts'
import { TestClient, withBackdoor } from './support.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../io/test/fixtures/${name}.pem`, import.meta.url))
const token = 'correct horse battery'
const server = { key: fixture('server-key'), cert: fixture('server-cert') }
const client = { ca: fixture('ca-cert'), servername: 'localhost' }

const log: string[] = []
const record = (message: unknown) => void log.push((message as { message: string }).message)
beforeAll(() => subscribe('greenhouse:log', record))
afterAll(() => unsubscribe('greenhouse:log', record))

describe('a backdoor on the network', () => {
  it('speaks TLS, asks for the token in it, and does so on its stuck line, too', async () => {
    let stuckAddress = ''
    const options = {
      at: '0.0.0.0:0',
      auth: { token },
      tls: server,
      stuckLine: true,
      onStuck: (address: string) => (stuckAddress = address),
    }
    await withBackdoor(options, async (address) => {
      const here = address.replace('0.0.0.0', '127.0.0.1')
      const door = new TestClient(await connectBackdoor(here, { token, tls: client }))
      expect(await door.until('> ')).toBe('Hello\n')
      expect(await door.ask('6 * 7')).toBe('42\n')
      const beside = stuckAddress.replace('0.0.0.0', '127.0.0.1')
      const stuck = new TestClient(await connectBackdoor(beside, { token, tls: client }))
      expect(await stuck.rest()).toContain('turns')
      door.close()
      stuck.close()
    })
  })

  it('tells nothing to who does not trust it, or speaks no TLS, and goes on', () =>
    withBackdoor({ auth: { token }, tls: server }, async (address) => {
      await expect(connectBackdoor(address, { token, tls: true })).rejects.toThrow(/certificate/)
      const plain = await connect(address)
      await plain.sendAll(Buffer.from(`${token}\n1 + 1\n`))
      const heard = await plain.recv(undefined, { timeoutMs: 5000 }).catch(() => Buffer.alloc(0))
      expect(heard.toString('latin1')).not.toContain('Token')
      plain.close()
      const door = new TestClient(await connectBackdoor(address, { token, tls: client }))
      await door.until('> ')
      door.close()
    }))
})
