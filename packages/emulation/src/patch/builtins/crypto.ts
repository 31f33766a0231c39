// crypto: the calls with a callback, and those of `subtle`. The work itself runs on in the thread pool, which knows no
// abort.
import { followCall } from '../call-work.ts'
import { callbackCalls } from '../callback-call.ts'
import type { Replacement } from '../originals.ts'
import type { PatchDefinition } from '../patch-set.ts'

const CALLS: readonly string[] = [
  'argon2',
  'checkPrime',
  'decapsulate',
  'diffieHellman',
  'encapsulate',
  'generateKey',
  'generateKeyPair',
  'generatePrime',
  'hkdf',
  'pbkdf2',
  'randomBytes',
  'randomFill',
  'randomInt',
  'scrypt',
  'sign',
  'verify',
]

/** @internal */
export const cryptoPatch: PatchDefinition = {
  name: 'crypto',
  replacements: () => {
    const crypto = process.getBuiltinModule('crypto')
    return [...callbackCalls('crypto', crypto, CALLS), ...subtleCalls(crypto.webcrypto.subtle)]
  },
}

function subtleCalls(subtle: object): Replacement[] {
  const target = Object.getPrototypeOf(subtle) as object
  return Object.getOwnPropertyNames(target)
    .filter((key) => key !== 'constructor')
    .map((key) => ({
      target,
      key,
      path: `subtle.${key}`,
      owned: (original, self, args) =>
        followCall(`subtle.${key}`, () => Reflect.apply(original, self, args) as Promise<unknown>),
    }))
}
