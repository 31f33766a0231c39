// Compression: every `xSync` of zlib.
import zlib from 'node:zlib'
import { few } from '../few.ts'
import { withCallback } from './callback.ts'
import { enter, type Table } from './table.ts'

/**
 * The thread pool works on four, a piece at a time, or on as many as the user says. More gain nothing: each holds its buffers
 * while it waits for its next piece, and the event loop stands still while it hears of all pieces that are done.
 */
const AT_ONCE = Math.max(64, Number(process.env['UV_THREADPOOL_SIZE']) || 0)

/** Enters the primitives of zlib. */
export function zlibPrimitives(table: Table): void {
  const admission = few(AT_ONCE)
  const module = zlib as unknown as Record<string, unknown>
  for (const name of Object.keys(zlib)) {
    const sister = module[name.replace(/Sync$/, '')]
    if (!name.endsWith('Sync') || typeof sister !== 'function') continue
    enter(table, 'zlib', zlib, name, (original) =>
      withCallback(`zlib.${name}`, original, sister, undefined, admission),
    )
  }
}
