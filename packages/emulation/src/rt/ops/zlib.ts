// Compression: every `xSync` of zlib.
import zlib from 'node:zlib'
import { withCallback } from './callback.ts'
import { enter, type Table } from './table.ts'

/** Enters the primitives of zlib. */
export function zlibPrimitives(table: Table): void {
  const module = zlib as unknown as Record<string, unknown>
  for (const name of Object.keys(zlib)) {
    const sister = module[name.replace(/Sync$/, '')]
    if (!name.endsWith('Sync') || typeof sister !== 'function') continue
    enter(table, 'zlib', zlib, name, (original) => withCallback(`zlib.${name}`, original, sister))
  }
}
