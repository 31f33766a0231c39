// Programs in TypeScript that Node does not run by itself: an installed tsx does.
import Module, { createRequire } from 'node:module'
import { extname, join } from 'node:path'

/** The file of the loader that a program needs; null where it needs none, or none is installed. */
export function typeScriptLoader(path: string): string | null {
  const extension = extname(path)
  if (!/^\.[cm]?tsx?$/.test(extension)) return null
  const isJsx = extension.endsWith('x')
  const { typescript } = process.features as { readonly typescript?: unknown }
  if (!isJsx && Boolean(typescript)) return null
  // A loader that is there already.
  const { _extensions: known } = Module as unknown as { readonly _extensions: object }
  if ((isJsx ? '.tsx' : '.ts') in known) return null
  return resolved('tsx', path) ?? resolved('tsx', join(process.cwd(), 'main.js'))
}

/** What `require` would load in a file; null where it finds nothing. */
export function resolved(request: string, from: string): string | null {
  try {
    return createRequire(from).resolve(request)
  } catch {
    return null
  }
}
