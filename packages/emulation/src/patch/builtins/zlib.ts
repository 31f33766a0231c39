// zlib: the calls with a callback. The work itself runs on in the thread pool, which knows no abort.
import { callbackCalls } from '../callback-call.ts'
import type { PatchDefinition } from '../patch-set.ts'

const CALLS: readonly string[] = [
  'deflate',
  'inflate',
  'deflateRaw',
  'inflateRaw',
  'gzip',
  'gunzip',
  'unzip',
  'brotliCompress',
  'brotliDecompress',
  'zstdCompress',
  'zstdDecompress',
]

/** @internal */
export const zlibPatch: PatchDefinition = {
  name: 'zlib',
  replacements: () => callbackCalls('zlib', process.getBuiltinModule('zlib'), CALLS),
}
