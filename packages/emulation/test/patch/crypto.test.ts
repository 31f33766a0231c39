// The calls of crypto with a callback, and those of `subtle`.
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { withTimeout } from '@greenhouse/scheduler'
import { getOriginal, patch, unpatch } from '@greenhouse/emulation'
import { cutAfter, cutAtCompletion, cutBeforeStart, cutInFlight, working } from './rows.ts'
import { errorOf } from './support.ts'

type Call = (...args: unknown[]) => unknown

const crypto = process.getBuiltinModule('crypto')
const { subtle } = crypto.webcrypto
const calls = crypto as unknown as Record<string, Call>
const promised = (name: string, ...args: unknown[]): Promise<unknown> =>
  (promisify(calls[name]!) as (...args: unknown[]) => Promise<unknown>)(...args)

const text = Buffer.from('some text')
const exchange = crypto.generateKeyPairSync('x25519')
const signing = crypto.generateKeyPairSync('ed25519')
const kem = 'argon2' in crypto ? crypto.generateKeyPairSync('ml-kem-512' as never) : null
const capsule =
  kem && (calls['encapsulate']!(Reflect.get(kem, 'publicKey')) as { ciphertext: Buffer })

/** A sound call of each function. */
const CALLS: Record<string, () => Promise<unknown>> = {
  argon2: () => {
    const sizes = { memory: 8, passes: 1, parallelism: 1, tagLength: 8 }
    return promised('argon2', 'argon2id', { message: text, nonce: Buffer.alloc(8), ...sizes })
  },
  checkPrime: () => promised('checkPrime', 7n),
  decapsulate: () => promised('decapsulate', Reflect.get(kem!, 'privateKey'), capsule!.ciphertext),
  diffieHellman: () => promised('diffieHellman', exchange),
  encapsulate: () => promised('encapsulate', Reflect.get(kem!, 'publicKey')),
  generateKey: () => promised('generateKey', 'hmac', { length: 64 }),
  generateKeyPair: () => promised('generateKeyPair', 'x25519', {}),
  generatePrime: () => promised('generatePrime', 16),
  hkdf: () => promised('hkdf', 'sha256', text, text, text, 16),
  pbkdf2: () => promised('pbkdf2', text, text, 10, 16, 'sha256'),
  randomBytes: () => promised('randomBytes', 16),
  randomFill: () => promised('randomFill', Buffer.alloc(16)),
  randomInt: () => promised('randomInt', 16),
  scrypt: () => promised('scrypt', text, text, 16, { N: 2 }),
  sign: () => promised('sign', null, text, signing.privateKey),
  verify: () =>
    promised('verify', null, text, signing.publicKey, crypto.sign(null, text, signing.privateKey)),
}
/** Those that take a callback only on later versions of Node. */
const SYNCHRONOUS = new Set(
  ['diffieHellman'].filter(() => Number(process.versions.node.split('.')[0]) < 24),
)

const cipher = { name: 'AES-GCM', iv: Buffer.alloc(12) }
const derivation = { name: 'HKDF', hash: 'SHA-256', salt: text, info: text }
const mac = { name: 'HMAC', hash: 'SHA-256' }
const aes = await subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, [
  'encrypt',
  'decrypt',
  'wrapKey',
  'unwrapKey',
])
const secret = await subtle.importKey('raw', text, 'HKDF', false, ['deriveKey', 'deriveBits'])
const macKey = await subtle.importKey('raw', text, mac, true, ['sign', 'verify'])
const encrypted = await subtle.encrypt(cipher, aes, text)
const wrapped = await subtle.wrapKey('raw', macKey, aes, cipher)
const SUBTLE: Record<string, () => Promise<unknown>> = {
  decrypt: () => subtle.decrypt(cipher, aes, encrypted),
  deriveBits: () => subtle.deriveBits(derivation, secret, 64),
  deriveKey: () =>
    subtle.deriveKey(derivation, secret, { name: 'AES-GCM', length: 128 }, true, ['encrypt']),
  digest: () => subtle.digest('SHA-256', text),
  encrypt: () => subtle.encrypt(cipher, aes, text),
  exportKey: () => subtle.exportKey('raw', aes),
  generateKey: () => subtle.generateKey(mac, true, ['sign']),
  importKey: () => subtle.importKey('raw', text, mac, true, ['sign']),
  sign: () => subtle.sign('HMAC', macKey, text),
  unwrapKey: () => subtle.unwrapKey('raw', wrapped, aes, cipher, mac, true, ['sign']),
  verify: () => subtle.verify('HMAC', macKey, text, text),
  wrapKey: () => subtle.wrapKey('raw', macKey, aes, cipher),
}

beforeEach(() => patch('crypto'))

const rows = async (call: () => Promise<unknown>): Promise<void> => {
  await cutBeforeStart(call)
  await cutInFlight(call)
  await cutAtCompletion(call, (value) => expect(value).toBeDefined())
  await cutAfter(call, (value) => expect(value).toBeDefined())
}

describe('crypto', () => {
  const names = Object.keys(CALLS).filter((name) => name in crypto && !SYNCHRONOUS.has(name))
  it.each(names)('%s is cut before its start, in flight, at its completion and after', (name) =>
    rows(CALLS[name]!),
  )

  it('has a row for each call that takes a callback', () => {
    const known = new Set(Object.keys(CALLS))
    const others = Object.keys(crypto).filter(
      (name) => `${name}Sync` in crypto && !known.has(name) && name !== 'randomUUID',
    )
    expect(others).toEqual([])
  })

  it('is as ever without a callback, with one that is called at once, and promisified', async () => {
    await withTimeout(10_000, async () => {
      expect(crypto.randomBytes(3)).toHaveLength(3)
      expect(
        crypto.verify(null, text, signing.publicKey, crypto.sign(null, text, signing.privateKey)),
      ).toBe(true)
      let filled: unknown
      const nothing = Buffer.alloc(0)
      crypto.randomFill(nothing, (...outcome) => (filled = outcome))
      await expect.poll(() => filled).toEqual([null, nothing])
      expect(working()).toEqual([])
      const made = await promisify(crypto.generateKeyPair)('x25519')
      expect(Object.keys(made)).toEqual(['publicKey', 'privateKey'])
      expect(await promisify(crypto.pbkdf2)('a', 'b', 1, 4, 'sha1')).toEqual(
        crypto.pbkdf2Sync('a', 'b', 1, 4, 'sha1'),
      )
    })
  })

  it('throws Node’s own errors for bad arguments', async () => {
    await withTimeout(10_000, async () => {
      const never = (): void => expect.unreachable()
      for (const call of [
        () => crypto.pbkdf2('a', 'b', 1, 4, 'no such', never),
        () => crypto.scrypt('a', 'b', -1, never),
        () => calls['randomBytes']!('a', never),
        () => calls['hkdf']!('sha256', never),
      ]) {
        expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }))
      }
    })
  })
})

describe('subtle', () => {
  it.each(Object.keys(SUBTLE))(
    '%s is cut before its start, in flight, at its completion and after',
    (name) => rows(SUBTLE[name]!),
  )

  it('is patched whole, and put back', () => {
    const prototype = Object.getPrototypeOf(subtle) as Record<string, unknown>
    const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
    const originals = names.map((name) => getOriginal('crypto', `subtle.${name}`))
    for (const [at, name] of names.entries()) expect(prototype[name]).not.toBe(originals[at])
    unpatch('crypto')
    expect(names.map((name) => prototype[name])).toEqual(originals)
    expect(getOriginal('crypto', 'subtle.digest')).toBe(undefined)
  })

  it('rejects with its own errors', async () => {
    await withTimeout(10_000, async () => {
      const bad = Reflect.get(subtle, 'digest') as Call
      expect(await errorOf(subtle.digest('no such', text))).toMatchObject({
        name: 'NotSupportedError',
      })
      expect(
        await errorOf(Reflect.apply(bad, {}, ['SHA-256', text]) as Promise<unknown>),
      ).toMatchObject({ code: 'ERR_INVALID_THIS' })
    })
  })
})
