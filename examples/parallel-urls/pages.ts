// The pages that the example's server serves, made from a seed: whoever has the same options
// gets the same pages, byte for byte. So the grabber knows every digest without asking the server.
import { createHash } from 'node:crypto'

export interface PagesOptions {
  readonly count: number
  readonly seed: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly minDelayMs: number
  readonly maxDelayMs: number
}

export interface Page {
  readonly path: string
  readonly sizeBytes: number
  readonly delayMs: number
  readonly seed: number
}

export const defaultPages: PagesOptions = {
  count: 300,
  seed: 1,
  minBytes: 200,
  maxBytes: 200_000,
  minDelayMs: 10,
  maxDelayMs: 200,
}

export function makePages(options: PagesOptions): Page[] {
  const random = randomFrom(options.seed)
  const sizeRange = options.maxBytes / options.minBytes
  const delayRangeMs = options.maxDelayMs - options.minDelayMs
  return Array.from({ length: options.count }, (_, index) => ({
    path: `/pages/${index + 1}`,
    // As on the web, small pages are frequent and big ones rare: even on a logarithmic scale.
    sizeBytes: Math.round(options.minBytes * sizeRange ** random()),
    delayMs: Math.round(options.minDelayMs + delayRangeMs * random()),
    seed: Math.floor(random() * 2 ** 32),
  }))
}

export function pageBody(page: Page): Buffer {
  const letters = 'abcdefghijklmnopqrstuvwxyz .,\n'
  const random = randomFrom(page.seed)
  const body = Buffer.allocUnsafe(page.sizeBytes)
  for (let i = 0; i < body.length; i++) {
    body[i] = letters.charCodeAt(Math.floor(random() * letters.length))
  }
  return body
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The mulberry32 generator: numbers from 0 up to 1, the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
