// One kernel per process (and vm context): the first copy of this package that loads puts its whole surface into a cell on
// globalThis; every later copy (CommonJS beside ESM, another installed minor, a bundle) hands out that one. The published
// entries are made from the sources' exports by the build, through `adopt`.
import { GreenhouseError } from './errors.ts'
import { VERSION } from './version.ts'

/** Raised whenever a copy needs something of the kernel that an older one has not. */
export const KERNEL_MINOR = 1

const key = Symbol.for('@greenhouse/scheduler/kernel@1')

type Subpath = '.' | './kernel' | './testing'
type Surface = Record<Subpath, object>

interface Cell {
  readonly minor: number
  readonly version: string
  readonly path: string
  readonly exports: Surface
}

/**
 * The surface that every copy shares: that of the first one.
 *
 * @throws {GH_VERSION} when the kernel that runs is older than this copy needs.
 */
export function adopt<S extends Subpath>(subpath: S, own: Surface, path: string): object {
  const cells = globalThis as unknown as Record<symbol, Cell | undefined>
  const cell = (cells[key] ??= Object.freeze({
    minor: KERNEL_MINOR,
    version: VERSION,
    path,
    exports: own,
  }))
  if (cell.minor >= KERNEL_MINOR) return cell.exports[subpath]
  throw new GreenhouseError(
    'GH_VERSION',
    `@greenhouse/scheduler ${VERSION} (${path}) needs kernel 1.${KERNEL_MINOR}, but the kernel that runs is 1.${cell.minor}, ` +
      `of @greenhouse/scheduler ${cell.version} (${cell.path}). Run \`npm dedupe\`, or load the newer copy first.`,
  )
}
