// Compression: every `xSync` of zlib.
import zlib from 'node:zlib'
import type { Callable } from '../convention.ts'
import { few } from '../few.ts'
import { withCallback } from './callback.ts'
import { enter, type Table } from './table.ts'

/**
 * The thread pool works on four, a piece at a time, or on as many as the user says. More gain nothing: each holds its buffers
 * while it waits for its next piece, and the event loop stands still while it hears of all pieces that are done.
 */
const AT_ONCE = Math.max(32, Number(process.env['UV_THREADPOOL_SIZE']) || 0)

/** Each piece is a way to the thread pool and back: four times Node's own. */
const PIECE = 64 * 1024

/** What a compressor writes may depend on the length of its pieces. */
const DECOMPRESSES = /^(?:gunzip|inflate|inflateRaw|unzip|brotliDecompress|zstdDecompress)$/

/** Enters the primitives of zlib. */
export function zlibPrimitives(table: Table): void {
  const admission = few(AT_ONCE)
  const module = zlib as unknown as Record<string, unknown>
  for (const name of Object.keys(zlib)) {
    const sister = module[name.replace(/Sync$/, '')]
    if (!name.endsWith('Sync') || typeof sister !== 'function') continue
    const isLong = DECOMPRESSES.test(name.slice(0, -4))
    const begin = isLong ? inLongPieces(sister as Callable) : sister
    enter(table, 'zlib', zlib, name, (original) =>
      withCallback(`zlib.${name}`, original, begin, ([result]) => compact(result), admission),
    )
  }
}

function inLongPieces(decompress: Callable): Callable {
  return (bytes: unknown, ...rest: unknown[]) => {
    const [options] = rest.length > 1 ? rest : [{}]
    const isPlain =
      typeof options === 'object' &&
      options !== null &&
      Object.getPrototypeOf(options) === Object.prototype
    const given = isPlain ? [{ chunkSize: PIECE, ...options }, rest.at(-1)] : rest
    return Reflect.apply(decompress, zlib, [bytes, ...given]) as unknown
  }
}

/** A result does not keep a piece of which it is a small part. */
function compact(result: unknown): unknown {
  if (!Buffer.isBuffer(result) || result.buffer.byteLength !== PIECE) return result
  return result.length < PIECE / 4 ? Buffer.from(result) : result
}
