// The stacks of errors in compiled code are those of the source: file, line and column of each frame, in order.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { attachTwin, callGreen, installRuntime, suspend } from '../src/rt/index.ts'
import { installStacks } from '../src/stacks/install.ts'
import { compiledMain, FILE, nativeMain } from './helpers/compiled.ts'
import { operation } from './mask.ts'
import { STACKS } from './programs/stacks.ts'

function natively(source: string): () => unknown {
  return nativeMain(source, { op: (x: unknown) => x })
}

/** `isSuspended` says of the n-th operation whether it is. */
function compiled(
  source: string,
  isSuspended: (n: number) => boolean,
  generators = false,
): () => unknown {
  const op = (x: unknown): unknown => x
  let count = 0
  attachTwin(op, (x) => (isSuspended(++count) ? suspend(operation(x)) : x))
  return compiledMain(source, { op }, generators)
}

/** The frames of the program in the stack that a run gives or throws. */
async function framesOf(run: () => unknown): Promise<string[]> {
  let stack: unknown
  try {
    stack = await run()
  } catch (error) {
    ;({ stack } = error as Error)
  }
  return String(stack)
    .split('\n')
    .filter((line) => line.startsWith(FILE))
}

describe('the stack of an error', () => {
  const before: unknown = Reflect.get(Error, 'prepareStackTrace')
  beforeAll(() => {
    installRuntime()
    installStacks()
  })
  beforeEach(() => {
    Error.prepareStackTrace = (_error, sites) =>
      sites
        .map((site) => `${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()}`)
        .join('\n')
  })
  afterEach(() => {
    Reflect.set(Error, 'prepareStackTrace', before)
  })

  const cases = Object.entries(STACKS)

  it.each(cases)('is that of the source in a face, and without a wait (%s)', async (_, source) => {
    const native = await framesOf(natively(source))
    expect(native).not.toEqual([])
    for (const generators of [false, true]) {
      expect(await framesOf(compiled(source, () => false, generators))).toEqual(native)
      const main = compiled(source, () => false, generators)
      expect(await framesOf(() => callGreen(main, undefined, []))).toEqual(native)
    }
  })

  it.each(cases)('is that of the source after a wait (%s)', async (_, source) => {
    const native = await framesOf(natively(source))
    for (const generators of [false, true]) {
      for (const at of [0, 1, 2, 3]) {
        const main = compiled(source, (n) => at === 0 || n === at, generators)
        expect({ at, frames: await framesOf(() => callGreen(main, undefined, [])) }).toEqual({
          at,
          frames: native,
        })
      }
    }
  })
})
