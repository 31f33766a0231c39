// Cryptography, where Node has an asynchronous form. Some functions have both forms under one name: without a callback
// they block.
import crypto from 'node:crypto'
import { withCallback } from './callback.ts'
import { enter, never, type Entry, type Table } from './table.ts'
import { op, type Primitive } from '../op.ts'
import { apply, type Original } from './table.ts'

/** The bytes of randomness that come at once. */
const FEW_BYTES = 4096

/** Enters the primitives of crypto. */
export function cryptoPrimitives(table: Table): void {
  const module = crypto as unknown as Record<string, unknown>
  for (const name of Object.keys(crypto)) {
    const sister = module[name.replace(/Sync$/, '')]
    if (!name.endsWith('Sync') || typeof sister !== 'function') continue
    const values = name === 'generateKeyPairSync' ? keyPair : undefined
    const make = (original: Original) => withCallback(`crypto.${name}`, original, sister, values)
    const cheap = name === 'randomFillSync' ? fewBytes : never
    enter(table, 'crypto', crypto, name, make, { cheap })
  }
  bothForms(table, 'randomBytes', 1, fewBytes)
  bothForms(table, 'sign', 3)
  bothForms(table, 'verify', 4)
}

/** A function that blocks unless it gets a callback as its argument number `at`. */
function bothForms(table: Table, name: string, at: number, cheap: Entry['cheap'] = never): void {
  const make = (original: Original): Primitive => {
    const blocking = withCallback(`crypto.${name}`, original, original)
    return (self, args) =>
      typeof args[at] === 'function' ? straight(name, original, self, args) : blocking(self, args)
  }
  enter(table, 'crypto', crypto, name, make, {
    cheap: (args) => typeof args[at] === 'function' || cheap(args),
  })
}

/** The call has a callback, and does not block. */
function straight(name: string, original: Original, self: unknown, args: readonly unknown[]) {
  const sync = () => apply(original, self, args)
  return op(`crypto.${name}`, (done) => done(null, sync()), sync)
}

function keyPair([publicKey, privateKey]: unknown[]): unknown {
  return { publicKey, privateKey }
}

function fewBytes([what]: readonly unknown[]): boolean {
  const bytes = typeof what === 'number' ? what : (what as ArrayBufferView | null)?.byteLength
  return bytes === undefined || bytes <= FEW_BYTES
}
