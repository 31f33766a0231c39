// Questions of dns/promises, against a server that answers nothing and one that answers.
import { createSocket, type Socket } from 'node:dgram'
import dns from 'node:dns'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withTimeout } from '@greenhouse/scheduler'
import { getOriginal, patch, unpatch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight } from './rows.ts'
import { errorOf } from './support.ts'

const promises = process.getBuiltinModule('dns/promises')
const servers = dns.getServers()
const aborted = { name: 'AbortError', code: 'ABORT_ERR' }
let mute: Socket
let address: string

beforeAll(async () => {
  mute = createSocket('udp4').bind(0, '127.0.0.1')
  await once(mute, 'listening')
  address = `127.0.0.1:${mute.address().port}`
  dns.setServers([address])
})
afterAll(() => {
  dns.setServers(servers)
  mute.close()
})
beforeEach(() => patch('dns/promises'))

describe('dns/promises', () => {
  it('lookup is cut before its start, in flight, at its completion and after', async () => {
    const lookup = (): Promise<unknown> => promises.lookup('localhost', { family: 4 })
    const right = (given: unknown): void =>
      expect(given).toEqual({ address: '127.0.0.1', family: 4 })
    await cutBeforeStart(lookup)
    await cutInFlight(lookup)
    await cutAtCompletion(lookup, right)
    await cutAfter(lookup, right)
  })

  const RESOLVES = Object.keys(promises).filter((name) =>
    /^(resolve|reverse|lookupService)/.test(name),
  )
  it.each(RESOLVES)('%s is cut before its start and in flight', async (name) => {
    const ask = (promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[
      name
    ]!
    const args: unknown[] =
      name === 'lookupService' ? ['127.0.0.1', 80] : [name === 'reverse' ? '127.0.0.1' : 'x.test']
    await cutBeforeStart(() => ask(...args))
    await cutInFlight(() => ask(...args))
  })

  it('ends at the time-out although the server is mute, and others on the resolver go on', async () => {
    const begun = performance.now()
    const other = errorOf(promises.resolve4('other.test'))
    const waiting = withTimeout(30, async () => promises.resolve4('x.test'))
    expect(await errorOf(waiting)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    expect(performance.now() - begun).toBeLessThan(5000)
    const first = await Promise.race([
      other,
      new Promise((resolve) => setTimeout(resolve, 20, 'waits')),
    ])
    expect(first).toBe('waits')
  })

  it('reaches resolvers of one’s own', async () => {
    const resolver = new promises.Resolver()
    resolver.setServers([address])
    const waiting = withTimeout(30, async () => resolver.resolve4('x.test'))
    expect(await errorOf(waiting)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
    resolver.cancel()
  })

  it.each(['dns.setServers', 'setServers'] as const)(
    'T8: survives %s, and is undone to what that has bound',
    async (path) => {
      const before = promises.resolve4
      const original = getOriginal('dns/promises', 'resolve4')
      const set = path === 'setServers' ? promises.setServers : dns.setServers
      set([address])
      expect(promises.resolve4).not.toBe(before)
      expect(getOriginal('dns/promises', 'resolve4')).not.toBe(original)
      const waiting = withTimeout(30, async () => promises.resolve4('x.test'))
      expect(await errorOf(waiting)).toMatchObject({ code: 'GH_TIMEOUT', cause: aborted })
      const bound = getOriginal('dns/promises', 'resolve4')
      unpatch('dns/promises')
      expect(promises.resolve4).toBe(bound)
      const { prototype } = promises.Resolver
      expect(prototype.resolve4.name).not.toBe('stand')
      expect(promises.getServers()).toEqual([address])
    },
  )

  it('gives Node’s own errors for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      expect(() => void promises.resolve4(5 as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
      expect(() => dns.setServers(5 as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
      expect(await errorOf(promises.lookup('no such name.invalid'))).toMatchObject({
        syscall: 'getaddrinfo',
      })
    })
  })
})
