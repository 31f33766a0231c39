import crypto from 'node:crypto'
import zlib from 'node:zlib'
import { Worker } from 'node:worker_threads'
import { end, pause, schedule } from '@greenhouse/scheduler'
import { describe, expect, it } from 'vitest'
import { primitives } from '../src/rt/ops/index.ts'
import type { Original } from '../src/rt/ops/table.ts'
import { same, type Arguments } from './helpers/differential.ts'

const make = (fn: unknown, ...args: unknown[]) => primitives.get(fn as Original)!.make(null, args)
const text = 'a text that repeats, a text that repeats, a text that repeats'

describe('operations of zlib', () => {
  const names = Object.keys(zlib).filter((name) =>
    /^(?!create).*ompressSync$|flateS|flateRawS|zipS/.test(name),
  )
  const functions = zlib as unknown as Record<string, (bytes: unknown) => Buffer>

  it.each(names.filter((name) => /^(gzip|deflate|brotliC|zstdC)/.test(name)))(
    '%s compresses as the original, and its sister gives it back',
    async (name) => {
      // What zstd makes of a text differs between its two forms.
      const view = name.startsWith('zstd')
        ? (bytes: unknown) => functions['zstdDecompressSync']!(bytes)
        : undefined
      await same(functions[name], () => [text], view && { view })
      const packed = functions[name]!(text)
      for (const other of names.filter((one) => /unzip|inflate|Decomp/.test(one))) {
        await same(functions[other], () => [packed])
      }
    },
  )

  const packed = zlib.gzipSync(text)
  const tooFew: object = Object.create({ maxOutputLength: 10 })
  const calls: [string, unknown, Arguments][] = [
    ['gunzipSync of nonsense', zlib.gunzipSync, () => [Buffer.from('nonsense')]],
    ['gunzipSync of half', zlib.gunzipSync, () => [zlib.gzipSync(text).subarray(0, 20)]],
    [
      'inflateSync beyond a limit',
      zlib.inflateSync,
      () => [zlib.deflateSync('x'.repeat(1000)), { maxOutputLength: 10 }],
    ],
    ['gzipSync with options', zlib.gzipSync, () => [text, { level: 1 }]],
    ['gunzipSync of much', zlib.gunzipSync, () => [zlib.gzipSync(Buffer.alloc(300_000, text))]],
    ['gunzipSync with options', zlib.gunzipSync, () => [packed, { chunkSize: 64 }]],
    ['gunzipSync with inherited options', zlib.gunzipSync, () => [packed, tooFew]],
    ['gunzipSync with bad options', zlib.gunzipSync, () => [packed, { chunkSize: 1 }]],
    ['gunzipSync with options that are none', zlib.gunzipSync, () => [packed, 'options']],
    ['gzipSync with bad options', zlib.gzipSync, () => [text, { level: 99 }]],
    ['gzipSync of a number', zlib.gzipSync, () => [5]],
    [
      'brotliDecompressSync of nonsense',
      zlib.brotliDecompressSync,
      () => [Buffer.from('nonsense')],
    ],
  ]
  it.each(calls)('%s gives what the original gives', async (_title, fn, args) => {
    await same(fn, args)
  })

  it('a small result keeps no large piece', async () => {
    const unpacked = await schedule(() => make(zlib.gunzipSync, packed).start()).join()
    expect(String(unpacked)).toBe(text)
    expect((unpacked as Buffer).buffer.byteLength).toBeLessThan(10_000)
  })
})

describe('operations of crypto', () => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519')
  const signature = crypto.sign(null, Buffer.from(text), privateKey)
  const scrypt = ['secret', 'salt', 16, { N: 1024 }]
  const calls: [string, unknown, Arguments][] = [
    ['pbkdf2Sync', crypto.pbkdf2Sync, () => ['secret', 'salt', 10, 16, 'sha256']],
    ['pbkdf2Sync with a bad digest', crypto.pbkdf2Sync, () => ['secret', 'salt', 10, 16, 'no']],
    ['scryptSync', crypto.scryptSync, () => scrypt],
    ['scryptSync beyond its memory', crypto.scryptSync, () => ['s', 's', 16, { N: 2 ** 20 }]],
    ['hkdfSync', crypto.hkdfSync, () => ['sha256', 'key', 'salt', 'info', 16]],
    ['hkdfSync with a bad digest', crypto.hkdfSync, () => ['no', 'key', 'salt', 'info', 16]],
    ['generateKeyPairSync of nothing', crypto.generateKeyPairSync, () => ['no']],
    ['checkPrimeSync', crypto.checkPrimeSync, () => [7n]],
    ['sign', crypto.sign, () => [null, Buffer.from(text), privateKey]],
    ['sign with a bad key', crypto.sign, () => [null, Buffer.from(text), 'no key']],
    ['verify', crypto.verify, () => [null, Buffer.from(text), publicKey, signature]],
    ['randomBytes of a negative number', crypto.randomBytes, () => [-1]],
  ]
  it.each(calls)('%s gives what the original gives', async (_title, fn, args) => {
    await same(fn, args)
  })

  it('make random things', async () => {
    expect(await make(crypto.randomBytes, 10).start()).toHaveLength(10)
    const bytes = Buffer.alloc(32)
    expect(await make(crypto.randomFillSync, bytes, 16).start()).toBe(bytes)
    expect(
      [bytes.subarray(0, 16), bytes.subarray(16)].map((half) => half.every((b) => b === 0)),
    ).toEqual([true, false])
    const pair = (await make(
      crypto.generateKeyPairSync,
      'ed25519',
    ).start()) as typeof crypto.KeyObject & { privateKey: crypto.KeyObject }
    expect(pair.privateKey.type).toBe('private')
    const pem = {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }
    expect(await make(crypto.generateKeyPairSync, 'ed25519', pem).start()).toMatchObject({
      publicKey: expect.stringContaining('BEGIN PUBLIC'),
    })
    const key = (await make(crypto.generateKeySync, 'hmac', {
      length: 64,
    }).start()) as crypto.KeyObject
    expect(key.symmetricKeySize).toBe(8)
    const prime = (await make(crypto.generatePrimeSync, 16).start()) as ArrayBuffer
    expect(prime.byteLength).toBe(2)
  })
})

describe('Atomics.wait', () => {
  const cell = () => new Int32Array(new SharedArrayBuffer(8))

  it('gives what the original gives', async () => {
    await same(Atomics.wait, () => [cell(), 0, 5, 1000], { atOnce: true })
    await same(Atomics.wait, () => [cell(), 0, 0, 5])
    await same(Atomics.wait, () => [new Int32Array(2), 0, 0, 5])
    await same(Atomics.wait, () => [cell(), 7, 0, 5])
  })

  it('is woken by a thread', async () => {
    const shared = cell()
    const worker = new Worker(
      `const { workerData: cell } = require('worker_threads')
       setTimeout(() => { Atomics.store(cell, 0, 1); Atomics.notify(cell, 0) }, 20)`,
      { eval: true, workerData: shared },
    )
    expect(await make(Atomics.wait, shared, 0, 0).start()).toBe('ok')
    expect(shared[0]).toBe(1)
    await worker.terminate()
  })

  it('passes a wake-up on that an ended greenlet got', async () => {
    const shared = cell()
    const wait = async () => make(Atomics.wait, shared, 0, 0).start()
    const [first, second] = [schedule(wait), schedule(wait)]
    await pause()
    end(first)
    await expect(first.join()).rejects.toThrow('ended')
    expect(Atomics.notify(shared, 0, 1)).toBe(1)
    expect(await second.join()).toBe('ok')
  })
})
