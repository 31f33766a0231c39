// Which kernel a thing belongs to. The copies in one process share a kernel; each vm context and each kernel major has one of
// its own, and what belongs to one is refused by the others.
import { GreenhouseError } from '../errors.ts'
import { VERSION } from '../version.ts'

/** A kernel, as the things of it say it. */
interface Kernel {
  readonly major: number
  readonly version: string
  /** Where its code was loaded from. */
  readonly path: string
}

const KERNEL_MAJOR = 1

const own: Kernel = Object.freeze({
  major: KERNEL_MAJOR,
  version: VERSION,
  // A bundle in CJS form has no `import.meta.url`.
  path: (import.meta.url as string | undefined) ?? 'a bundle',
})

/** What can be told apart by kernel. */
export type Branded = 'greenlet' | 'list of waiters'

const brands: Readonly<Record<Branded, symbol>> = {
  greenlet: Symbol.for('@greenhouse/scheduler/greenlet'),
  'list of waiters': Symbol.for('@greenhouse/scheduler/wait-list'),
}

/** Marks the objects of a class as things of this kernel. */
export function brandAs(what: Branded, prototype: object): void {
  Object.defineProperty(prototype, brands[what], { value: own })
}

/** Whether a value is such a thing. One of another kernel is refused, with an error that names both. */
export function isOwn(what: Branded, value: unknown): boolean {
  const brand = brands[what]
  if (typeof value !== 'object' || value === null || !(brand in value)) return false
  const other = (value as Record<symbol, Kernel>)[brand]!
  if (other === own) return true
  throw new GreenhouseError(
    'GH_VERSION',
    `A ${what} of ${inWords(other)} was handed to ${inWords(own)}: each vm context and each major ` +
      'of @greenhouse/scheduler has a kernel of its own',
  )
}

function inWords({ major, version, path }: Kernel): string {
  return `kernel ${major} (@greenhouse/scheduler ${version}, ${path})`
}
