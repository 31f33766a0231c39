import { AsyncLocalStorage } from 'node:async_hooks'
import { getServers, setServers } from 'node:dns'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, schedule, wait, withTimeout, type Greenlet } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearNameCache, getAddrInfo, getNameInfo, resolveName } from '../src/index.ts'
import { nameServer, type NameServer } from './dns-server.ts'

const V6 = '2001:db8:0:0:0:0:0:1'
const SHORT_V6 = '2001:db8::1'
const ABSENT = join(tmpdir(), 'greenhouse-no-such-hosts')

let server: NameServer
let folder: string
const coded = (code: string) => expect.objectContaining({ code })
const failure = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => 'no error',
    (error: NodeJS.ErrnoException) => error.code,
  )
const onLinux = process.platform === 'linux'
/** How many descriptors are open: each question under way holds one or more. */
const descriptors = () => (onLinux ? readdirSync('/proc/self/fd').length : 0)
let before = 0

beforeEach(async () => {
  clearNameCache()
  folder = await mkdtemp(join(tmpdir(), 'greenhouse-names-'))
  server = await nameServer({
    'both.test': { A: ['10.0.0.1', '10.0.0.2'], AAAA: [V6], ttl: 30 },
    'four.test': { A: ['10.0.0.4'], ttl: 30 },
    'brief.test': { A: ['10.0.0.5'], ttl: 0 },
    'broken.test': { rcode: 2 },
    'half.test': { A: ['10.0.0.6'], ttl: 30 },
    'db.corp.test': { A: ['10.0.0.7'] },
    'empty.test': {},
    'xn--bcher-kva.test': { A: ['10.0.0.8'] },
    'hole.test': { silent: true },
    '7.0.0.10.in-addr.arpa': { PTR: ['seven.test'] },
  })
  before = descriptors()
})

afterEach(async () => {
  if (onLinux) await expect.poll(descriptors).toBe(before)
  await server.close()
  await rm(folder, { recursive: true })
})

describe('resolveName', () => {
  it('passes numeric addresses through', async () => {
    expect(await resolveName('127.0.0.1')).toEqual(['127.0.0.1'])
    expect(await resolveName('::1')).toEqual(['::1'])
    expect(await resolveName('127.1')).toEqual(['127.0.0.1'])
    expect(await resolveName('fe80::1%lo')).toEqual(['fe80::1%lo'])
    await expect(resolveName('127.0.0.1', { family: 6 })).rejects.toEqual(coded('ENOTFOUND'))
  })

  it('takes null for this machine', async () => {
    expect(await resolveName(null)).toEqual(['127.0.0.1'])
    expect(await resolveName(null, { family: 6 })).toEqual(['::1'])
  })

  it('knows localhost and all under it, whatever the hosts file and the server say', async () => {
    const options = { servers: server.servers, hostsFile: ABSENT }
    expect(await resolveName('localhost', options)).toEqual(['127.0.0.1', '::1'])
    expect(await resolveName('LocalHost.', options)).toEqual(['127.0.0.1', '::1'])
    expect(await resolveName('app.localhost', { ...options, family: 4 })).toEqual(['127.0.0.1'])
    expect(await resolveName('localhost', { family: 6 })).toEqual(['::1'])
    expect(server.asked).toEqual([])
  })

  it('reads the hosts file, and reads it anew when it has changed', async () => {
    const hostsFile = join(folder, 'hosts')
    const options = { servers: server.servers, hostsFile }
    await writeFile(
      hostsFile,
      '# ours\n10.1.1.1 One one.test # first\n::2\tone.test\n10.1.1.2 one.test\n',
    )
    expect(await resolveName('one.TEST', options)).toEqual(['10.1.1.1', '10.1.1.2', '::2'])
    expect(await resolveName('one', { ...options, family: 4 })).toEqual(['10.1.1.1'])
    await writeFile(hostsFile, '10.1.1.9 one.test\n')
    await utimes(hostsFile, 1, 1)
    expect(await resolveName('one.test', options)).toEqual(['10.1.1.9'])
    await rm(hostsFile)
    expect(await failure(resolveName('one.test', options))).toBe('ENOTFOUND')
  })

  it('asks a server for both families, and orders them', async () => {
    const { servers } = server
    expect(await resolveName('both.test', { servers })).toEqual(['10.0.0.1', '10.0.0.2', SHORT_V6])
    expect(await resolveName('both.test', { servers, order: 'ipv6first' })).toEqual([
      SHORT_V6,
      '10.0.0.1',
      '10.0.0.2',
    ])
    expect(await resolveName('both.test', { servers, family: 6 })).toEqual([SHORT_V6])
    expect(await resolveName('four.test', { servers })).toEqual(['10.0.0.4'])
    expect(await resolveName('Bücher.test', { servers })).toEqual(['10.0.0.8'])
  })

  it("fails with Node's own codes, and remembers no failure", async () => {
    const { servers } = server
    expect(await failure(resolveName('none.test', { servers }))).toBe('ENOTFOUND')
    expect(await failure(resolveName('empty.test', { servers }))).toBe('ENODATA')
    expect(await failure(resolveName('broken.test', { servers }))).toBe('ESERVFAIL')
    expect(await failure(resolveName('four.test', { servers, family: 6 }))).toBe('ENODATA')
    expect(await failure(resolveName('a..b', { servers }))).toBe('EBADNAME')
    server.zones.set('none.test', { A: ['10.0.0.9'] })
    expect(await resolveName('none.test', { servers, family: 4 })).toEqual(['10.0.0.9'])
  })

  it('refuses what is no name or option', () => {
    const bad = coded('GH_INVALID_ARGUMENT')
    expect(() => resolveName('')).toThrow(bad as Error)
    expect(() => resolveName(7 as never)).toThrow(bad as Error)
    expect(() => resolveName('x', { family: 5 as never })).toThrow(bad as Error)
    expect(() => resolveName('x', { order: 'any' as never })).toThrow(bad as Error)
    expect(() => resolveName('x', { servers: [] })).toThrow(bad as Error)
    expect(() => resolveName('x', { search: 'x' as never })).toThrow(bad as Error)
    expect(() => resolveName('x', { timeoutMs: -1 })).toThrow(bad as Error)
  })

  it('asks the servers that the process has chosen', async () => {
    const chosen = getServers()
    setServers(server.servers)
    try {
      expect(await resolveName('four.test', { family: 4, search: [] })).toEqual(['10.0.0.4'])
    } finally {
      setServers(chosen)
    }
  })

  it('tries short names in the search domains', async () => {
    const options = {
      servers: server.servers,
      search: ['none.test', 'corp.test'],
      family: 4,
    } as const
    expect(await resolveName('db', options)).toEqual(['10.0.0.7'])
    expect(server.asked).toEqual(['A db.none.test', 'A db.corp.test'])
    server.asked.length = 0
    await expect(resolveName('other.test', options)).rejects.toMatchObject({
      code: 'ENOTFOUND',
      hostname: 'other.test',
    })
    expect(server.asked[0]).toBe('A other.test')
    server.asked.length = 0
    expect(await failure(resolveName('db.', options))).toBe('ENOTFOUND')
    expect(server.asked).toEqual(['A db'])
  })

  it('asks once for equal lookups at one time', async () => {
    const { servers } = server
    const found = await Promise.all(
      Array.from({ length: 50 }, () =>
        schedule(function* () {
          return yield* resolveName('both.test', { servers, family: 4 })
        }).join(),
      ),
    )
    expect(server.asked).toEqual(['A both.test'])
    expect(new Set(found.map(String))).toEqual(new Set(['10.0.0.1,10.0.0.2']))
    // Nobody can spoil the answer of another.
    found[0]!.length = 0
    expect(await resolveName('both.test', { servers, family: 4 })).toHaveLength(2)
    expect(server.asked).toHaveLength(1)
  })

  it('keeps the context of each who asked', async () => {
    const { servers } = server
    const storage = new AsyncLocalStorage<number>()
    const seen = [1, 2, 3].map((id) =>
      storage.run(id, () =>
        schedule(async () => {
          await resolveName('both.test', { servers, family: 4 })
          return storage.getStore()
        }).join(),
      ),
    )
    expect(await Promise.all(seen)).toEqual([1, 2, 3])
  })

  it('remembers an answer as long as it is valid', async () => {
    const options = { servers: server.servers, family: 4 } as const
    await withVirtualClock(
      async (clock) => {
        await resolveName('four.test', options)
        await clock.advance(29_999)
        expect(await resolveName('four.test', { ...options, timeoutMs: 0 })).toEqual(['10.0.0.4'])
        expect(server.asked).toHaveLength(1)
        await clock.advance(1)
        server.zones.set('four.test', { A: ['10.0.0.44'] })
        expect(await resolveName('four.test', options)).toEqual(['10.0.0.44'])
        expect(server.asked).toHaveLength(2)
        await resolveName('brief.test', options)
        await resolveName('brief.test', options)
        expect(server.asked).toHaveLength(4)
      },
      { autojump: false },
    )
  })

  it('remembers that a name has no address of one family with the other family', async () => {
    const { servers } = server
    await resolveName('half.test', { servers })
    await resolveName('half.test', { servers })
    expect(server.asked.toSorted()).toEqual(['A half.test', 'AAAA half.test'])
  })

  it('remembers the 512 names used last', async () => {
    const options = { servers: server.servers, family: 4 } as const
    for (let i = 0; i < 513; i++) server.zones.set(`n${i}.test`, { A: ['10.0.0.1'] })
    for (let i = 0; i < 512; i++) await resolveName(`n${i}.test`, options)
    await resolveName('n0.test', options)
    await resolveName('n512.test', options)
    expect(server.asked).toHaveLength(513)
    await resolveName('n0.test', options)
    expect(server.asked).toHaveLength(513)
    await resolveName('n1.test', options)
    expect(server.asked).toHaveLength(514)
  })

  it('delays no file while 50 lookups wait for a server that never answers', async () => {
    const { servers } = server
    for (let i = 0; i < 50; i++) server.zones.set(`hole${i}.test`, { silent: true })
    const lookups = Array.from({ length: 50 }, (_, i) =>
      schedule(async () => resolveName(`hole${i}.test`, { servers, family: 4 })),
    )
    await server.arrived(50)
    // Were they in the thread pool, which has four threads, this would wait for seconds.
    for (let i = 0; i < 20; i++) {
      await withTimeout(2000, async () => {
        await wait(stat(folder))
      })
    }
    for (const lookup of lookups) end(lookup)
    expect(await Promise.all(lookups.map((lookup) => failure(lookup.join())))).toEqual(
      lookups.map(() => 'GH_EXIT'),
    )
    if (onLinux) expect(descriptors()).toBe(before)
  })

  it.each(['generator', 'async'] as const)(
    'leaves nothing behind when it is cut short in a greenlet of kind %s',
    async (kind) => {
      const { servers } = server
      const abort = new AbortController()
      const start = (options: { timeoutMs?: number; signal?: AbortSignal }) =>
        kind === 'async'
          ? schedule(async () => await resolveName('hole.test', { servers, ...options }))
          : schedule(function* () {
              return yield* resolveName('hole.test', { servers, ...options })
            })
      const ended = start({})
      // Heard at once: its time may be up before the questions arrive.
      const timedOut = failure(start({ timeoutMs: 20 }).join())
      const aborted = start({ signal: abort.signal })
      await server.arrived(2)
      expect(server.asked).toHaveLength(2)
      expect(await timedOut).toBe('GH_TIMEOUT')
      end(ended)
      expect(await failure(ended.join())).toBe('GH_EXIT')
      if (onLinux) expect(descriptors()).toBeGreaterThan(before)
      abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }))
      expect(await failure(aborted.join())).toBe('STOP')
      if (onLinux) expect(descriptors()).toBe(before)
      await expect(resolveName('hole.test', { servers, timeoutMs: 0 })).rejects.toEqual(
        coded('GH_TIMEOUT'),
      )
    },
  )

  it('asks no more than 512 questions at once, the others in their turn', async () => {
    const { servers } = server
    for (let i = 0; i < 600; i++) server.zones.set(`hole${i}.test`, { silent: true })
    const lookups: Greenlet<string[]>[] = []
    for (let i = 0; i < 600; i++) {
      lookups.push(schedule(async () => resolveName(`hole${i}.test`, { servers, family: 4 })))
      // Not more than the socket of the server can take.
      if (i % 64 === 63) await server.arrived(Math.min(lookups.length, 512))
    }
    // One that waits for its turn goes without having asked; one that has asked makes room.
    end(lookups[512]!)
    await failure(lookups[512]!.join())
    expect(new Set(server.asked).size).toBe(512)
    server.zones.set('hole513.test', { A: ['10.0.0.9'] })
    end(lookups[0]!)
    expect(await lookups[513]!.join()).toEqual(['10.0.0.9'])
    expect(server.asked).not.toContain('A hole512.test')
    for (const lookup of lookups) end(lookup)
    await Promise.all(lookups.map((lookup) => failure(lookup.join())))
  })

  it('asks again after everybody gave up', async () => {
    const { servers } = server
    await failure(resolveName('hole.test', { servers, family: 4, timeoutMs: 10 }))
    server.zones.set('hole.test', { A: ['10.0.0.3'] })
    expect(await resolveName('hole.test', { servers, family: 4 })).toEqual(['10.0.0.3'])
  })
})

describe('getAddrInfo', () => {
  it('gives addresses with port and family', async () => {
    const { servers } = server
    expect(await getAddrInfo('both.test', 80, { servers })).toEqual([
      { host: '10.0.0.1', port: 80, family: 4 },
      { host: '10.0.0.2', port: 80, family: 4 },
      { host: SHORT_V6, port: 80, family: 6 },
    ])
    expect(await getAddrInfo(null, '8080')).toEqual([{ host: '127.0.0.1', port: 8080, family: 4 }])
  })

  it('refuses ports that are none', () => {
    for (const port of [-1, 65_536, 1.5, 'no-such-service', null]) {
      expect(() => getAddrInfo('localhost', port as number)).toThrow(
        coded('GH_INVALID_ARGUMENT') as Error,
      )
    }
  })
})

describe('getNameInfo', () => {
  it('gives the name of an address', async () => {
    const { servers } = server
    expect(await getNameInfo({ host: '10.0.0.7', port: 0 }, { servers })).toEqual({
      host: 'seven.test',
      service: '0',
    })
    expect(await getNameInfo('127.0.0.1:1')).toMatchObject({ host: 'localhost' })
  })

  it('gives the address itself where it has no name, or ENOTFOUND on demand', async () => {
    const options = { servers: server.servers, hostsFile: ABSENT }
    const address = { host: '10.0.0.9', port: 0 }
    expect(await getNameInfo(address, options)).toEqual({ host: '10.0.0.9', service: '0' })
    await expect(getNameInfo(address, { ...options, nameRequired: true })).rejects.toEqual(
      coded('ENOTFOUND'),
    )
  })

  it('is cut short by a time-out', async () => {
    server.zones.set('9.0.0.10.in-addr.arpa', { silent: true })
    const { servers } = server
    await expect(
      getNameInfo({ host: '10.0.0.9', port: 0 }, { servers, timeoutMs: 20 }),
    ).rejects.toEqual(coded('GH_TIMEOUT'))
  })

  it('refuses names and paths', () => {
    for (const address of [{ host: 'localhost', port: 1 }, { path: '/x' }]) {
      expect(() => getNameInfo(address)).toThrow(coded('GH_INVALID_ARGUMENT') as Error)
    }
  })
})
