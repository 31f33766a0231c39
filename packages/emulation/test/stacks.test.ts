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

  it('holds no frame of those who read it, when it was never thrown', async () => {
    const source = `let kept
function make() { op(1); kept = new Error('kept') }
function main() {
  make()
  return read()
}
function read() {
  op(2)
  return kept.stack
}`
    const main = compiled(source, () => true)
    expect(await framesOf(() => callGreen(main, undefined, []))).toEqual([`${FILE}:2:33`])
  })

  it('has as many frames as the program wants', async () => {
    const { stackTraceLimit } = Error
    const main = compiled(STACKS['nested']!, () => true)
    for (const limit of [0, 2]) {
      Error.stackTraceLimit = limit
      const frames = await framesOf(() => callGreen(main, undefined, []))
      Error.stackTraceLimit = stackTraceLimit
      expect(frames).toHaveLength(limit)
    }
  })

  it('is hidden above the function that captureStackTrace is given', async () => {
    const source = `function Failure() { op(1); Error.captureStackTrace(this, Failure) }
function helper() {
  return new Failure()
}
function main() {
  const { stack } = helper()
  op(2)
  return stack
}`
    const native = await framesOf(natively(source))
    expect(native).toHaveLength(2)
    expect(
      await framesOf(() =>
        callGreen(
          compiled(source, () => true),
          undefined,
          [],
        ),
      ),
    ).toEqual(native)
  })
})
