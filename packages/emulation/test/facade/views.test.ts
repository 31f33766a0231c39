// Node's modules as a graph sees them: the same but for functions that own, and apart from the modules themselves.
import dns from 'node:dns'
import { EventEmitter, once } from 'node:events'
import fs from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { schedule } from '@greenhouse/scheduler'
import { getOriginal, patch, unpatch } from '@greenhouse/emulation'
import { isViewed } from '../../src/view/changes.ts'
import { Views } from '../../src/view/views.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

const MODULES = [
  ...['child_process', 'dns', 'dns/promises', 'events', 'fs', 'fs/promises', 'http', 'https'],
  ...['stream', 'stream/promises', 'timers', 'timers/promises', 'util'],
]
const view = (name: string, views = new Views()): Any => views.module(name)
const real = (name: string): Any => process.getBuiltinModule(name)

/** The flags of all properties. */
function flags(object: object): object {
  const all = Object.entries(Object.getOwnPropertyDescriptors(object) as PropertyDescriptorMap)
  return Object.fromEntries(
    all.map(([key, { enumerable, configurable }]) => [key, { enumerable, configurable }]),
  )
}

describe('a view', () => {
  it.each(MODULES)('of %s has its prototype, keys, flags and values', (name) => {
    const [seen, original] = [view(name), real(name)]
    expect(seen).not.toBe(original)
    expect(typeof seen).toBe(typeof original)
    expect(Object.getPrototypeOf(seen)).toBe(Object.getPrototypeOf(original))
    expect(Reflect.ownKeys(seen)).toEqual(Reflect.ownKeys(original))
    expect(flags(seen)).toEqual(flags(original))
    for (const key of Object.keys(original)) {
      expect([key, typeof seen[key]]).toEqual([key, typeof original[key]])
      if (typeof original[key] === 'function') {
        expect([seen[key].name, seen[key].length]).toEqual([
          original[key].name,
          original[key].length,
        ])
      }
    }
  })

  it('is given of modules that own something, and of no others', () => {
    expect(MODULES.filter(isViewed)).toEqual(MODULES)
    for (const name of ['path', 'node:net', 'worker_threads', 'fetch']) {
      expect(new Views().module(name)).toBe(real(name))
    }
  })

  it('replaces what owns, and nothing else', () => {
    const replaced = (name: string): string[] => {
      const seen = view(name)
      return Object.keys(real(name))
        .filter((key) => seen[key] !== real(name)[key])
        .sort()
    }
    expect(replaced('fs')).toEqual(['promises', 'readFile', 'writeFile'])
    expect(replaced('http')).toEqual(['get', 'request'])
    expect(replaced('child_process')).toEqual(['exec', 'execFile', 'spawn'])
    expect(replaced('events')).toEqual(['EventEmitter', 'on', 'once'])
    expect(replaced('stream')).toEqual(['Stream', 'promises'])
    expect(replaced('timers')).toEqual(['promises'])
    expect(replaced('util')).toEqual(['promisify'])
    expect(replaced('dns')).toEqual(['promises'])
    expect(replaced('dns/promises')).toContain('Resolver')
    expect(view('fs').readFileSync).toBe(fs.readFileSync)
  })

  it('is one object, by whichever way it is come by', () => {
    const views = new Views()
    const seen = (name: string): Any => view(name, views)
    expect(seen('node:fs')).toBe(seen('fs'))
    expect(seen('fs').promises).toBe(seen('fs/promises'))
    expect(seen('dns').promises).toBe(seen('dns/promises'))
    expect(seen('timers').promises).toBe(seen('timers/promises'))
    expect(seen('stream').promises).toBe(seen('stream/promises'))
    expect(seen('events').EventEmitter).toBe(seen('events'))
    expect(seen('stream').Stream).toBe(seen('stream'))
    expect(seen('fs').promises.readFile).toBe(seen('fs/promises').readFile)
    expect(views.fetch).toBe(views.fetch)
    expect(view('fs')).not.toBe(seen('fs'))
  })

  it('keeps what is written to it, and the module as it was', () => {
    const before = Object.getOwnPropertyDescriptors(fs)
    const [mine, others] = [view('fs'), view('fs')]
    const { close, readFile } = mine
    mine.close = () => 'mine'
    mine.readFile = () => 'mine'
    Object.defineProperty(mine, 'added', { get: () => 1 })
    delete mine.chmod
    expect([mine.close(), mine.readFile(), mine.added, mine.chmod]).toEqual([
      'mine',
      'mine',
      1,
      undefined,
    ])
    expect(others.close).toBe(close)
    expect(others.readFile).not.toBe(readFile)
    expect(others.chmod).toBe(fs.chmod)
    expect(Object.getOwnPropertyDescriptors(fs)).toEqual(before)
    const derived = Object.create(mine)
    derived.open = 1
    expect([Object.hasOwn(derived, 'open'), mine.open]).toEqual([true, fs.open])
  })

  it('shows what others put into the module later', async () => {
    const seen = view('fs')
    const { closeSync } = fs
    const { readFile } = fs.promises
    onTestFinished(() => void Object.assign(fs, { closeSync }))
    onTestFinished(() => void Object.assign(fs.promises, { readFile }))
    const stub = (): void => {}
    Object.assign(fs, { closeSync: stub })
    Object.assign(fs.promises, { readFile: async () => 'stub' })
    expect(seen.closeSync).toBe(stub)
    expect(await seen.promises.readFile('x')).toBe('stub')
    expect(await schedule(() => seen.promises.readFile('x')).join()).toBe('stub')
  })

  it('leaves to Node what Node sets by itself', () => {
    const seen = view('events')
    const before = EventEmitter.defaultMaxListeners
    onTestFinished(() => void (EventEmitter.defaultMaxListeners = before))
    seen.defaultMaxListeners = 77
    expect([EventEmitter.defaultMaxListeners, seen.defaultMaxListeners]).toEqual([77, 77])
    const http = view('http')
    expect(http.globalAgent).toBe(real('http').globalAgent)
  })

  it.each(['events', 'stream'])('of %s is its class', (name) => {
    const [Seen, Original] = [view(name), real(name)]
    class Sub extends Seen {
      field = 1
    }
    const sub = new Sub() as Any
    expect(Seen.prototype).toBe(Original.prototype)
    expect([sub instanceof Sub, sub instanceof Seen, sub instanceof Original]).toEqual([
      true,
      true,
      true,
    ])
    expect([new Seen() instanceof Original, new Original() instanceof Seen]).toEqual([true, true])
    expect(Object.getPrototypeOf(new Seen())).toBe(Original.prototype)
    function Old(this: object): void {
      Seen.call(this)
    }
    real('util').inherits(Old, Seen)
    const old = new (Old as Any)()
    const heard: unknown[] = []
    for (const emitter of [sub, old])
      emitter.on('it', (value: unknown) => heard.push(value)).emit('it', 1)
    expect([heard, Object.keys(old)]).toEqual([[1, 1], Object.keys(new Original())])
    if (name === 'events') expect((Sub as Any).once).toBe(Seen.once)
  })

  it('of a Resolver is a class of its own', async () => {
    const { Resolver } = view('dns/promises')
    const resolver = new Resolver({ timeout: 1000 })
    expect([Resolver.name, resolver instanceof dns.promises.Resolver]).toEqual(['Resolver', true])
    resolver.setServers(['127.0.0.1'])
    expect(resolver.getServers()).toEqual(['127.0.0.1'])
    expect(Object.keys(resolver)).toEqual(Object.keys(new dns.promises.Resolver()))
    expect(resolver.resolve4).not.toBe(dns.promises.Resolver.prototype.resolve4)
  })

  it('asks the servers that are set, whoever sets them', async () => {
    const seen = view('dns')
    const servers = dns.getServers()
    onTestFinished(() => dns.setServers(servers))
    const { resolve4 } = seen
    dns.setServers(['127.0.0.1:1'])
    expect(seen.promises.getServers()).toEqual(['127.0.0.1:1'])
    expect(seen.resolve4).not.toBe(resolve4)
    expect(seen.resolve4).toBe(dns.resolve4)
    seen.promises.setServers(['127.0.0.1:2'])
    expect(dns.promises.getServers()).toEqual(['127.0.0.1:2'])
    await expect(seen.promises.resolve4('x.test')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('gives what util.promisify gives, of views', () => {
    const views = new Views()
    const util = view('util', views)
    expect(util.promisify(setTimeout)).toBe(view('timers/promises', views).setTimeout)
    expect(util.promisify(real('stream').pipeline)).toBe(view('stream/promises', views).pipeline)
    const { exec } = view('child_process', views)
    expect(util.promisify(exec)).toBe(exec[promisify.custom])
    expect(util.promisify(exec)).not.toBe(promisify(real('child_process').exec))
    for (const fn of [setTimeout, exec]) {
      const once = util.promisify(fn)
      expect(util.promisify(once)).toBe(once)
    }
    const plain = (): void => {}
    expect(util.promisify(plain)).not.toBe(plain)
    expect(Object.getOwnPropertyDescriptors(exec)[promisify.custom as never]).toMatchObject({
      configurable: false,
      writable: false,
    })
  })

  it('reaches what stands behind a patch, and does not stop it', async () => {
    const seen = view('events')
    patch('events')
    onTestFinished(() => unpatch('events'))
    const later = view('events')
    for (const one of [seen, later]) {
      expect(one.once).not.toBe(once)
      const emitter = new EventEmitter()
      const got = schedule(async () => {
        const promise = one.once(emitter, 'it')
        expect(emitter.listenerCount('it')).toBe(1)
        emitter.emit('it', 5)
        return promise
      })
      expect(await got.join()).toEqual([5])
    }
    expect(getOriginal('events', 'once')).not.toBe(real('events').once)
  })
})
