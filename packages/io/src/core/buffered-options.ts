// Checks of arguments that files and pipes have in common.
import { checkOptions, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** How bytes are to be read as text. */
export interface EncodingOptions {
  /** The text encoding of what is read and written; without one, reading gives Buffers, and strings are written as UTF-8. */
  readonly encoding?: BufferEncoding | undefined
}

export function encodingOf(options: EncodingOptions | undefined): BufferEncoding | undefined {
  checkOptions('options', options)
  const encoding = options?.encoding
  if (encoding === undefined) return undefined
  if (typeof encoding !== 'string') wrongType('options.encoding', 'a text encoding', encoding)
  if (!Buffer.isEncoding(encoding)) wrongValue('options.encoding', 'a text encoding', encoding)
  return encoding
}

export function checkTarget(target: unknown): void {
  if (!(target instanceof Uint8Array)) wrongType('target', 'a Uint8Array or Buffer', target)
}
