// Programs in TypeScript: Node strips the types where it can; else a loader such as tsx makes JavaScript of it.
import Module from 'node:module'
import { extname } from 'node:path'
import { GreenhouseError } from '@greenhouse/scheduler'

type Strip = (source: string, options: { readonly mode: string }) => string

const internals = Module as unknown as {
  readonly stripTypeScriptTypes?: Strip
  readonly _extensions: object
}

const { typescript } = process.features as { readonly typescript?: unknown }

/** A text in one of Node's formats, without its types. */
export function asJavaScript<S extends string | undefined, F extends string | null | undefined>(
  source: S,
  format: F,
): { readonly source: S | string; readonly format: F | string } {
  const strip = internals.stripTypeScriptTypes
  const plain = /^(module|commonjs)-typescript$/.exec(format ?? '')?.[1]
  if (source === undefined || plain === undefined || strip === undefined) return { source, format }
  const mode = typescript === 'transform' ? 'transform' : 'strip'
  return { source: quietly(() => strip(source, { mode })), format: plain }
}

/** Node calls this function experimental, though not what it does with it itself. */
function quietly<T>(run: () => T): T {
  const said = Object.getOwnPropertyDescriptor(process, 'emitWarning')!
  Object.defineProperty(process, 'emitWarning', { ...said, value: () => {} })
  try {
    return run()
  } finally {
    Object.defineProperty(process, 'emitWarning', said)
  }
}

/** Throws where a program is in TypeScript and nothing is there that runs it. */
export function checkTypeScript(main: string | undefined): void {
  const extension = /^\.[cm]?(tsx?)$/.exec(extname(main ?? ''))?.[1]
  if (extension === undefined || `.${extension}` in internals._extensions) return
  if (extension === 'ts' && Boolean(typescript)) return
  throw new GreenhouseError(
    'GH_UNSUPPORTED',
    `Node ${process.versions.node} does not run \`${main}\`, which is TypeScript. Node 22.18 or later does (but for JSX); or ` +
      'install `tsx`: `greenhouse run` finds it, and `node --import tsx --import greenhouse/register` loads it.',
  )
}
