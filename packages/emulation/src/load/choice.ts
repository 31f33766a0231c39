// Which files of a module graph are compiled.
import { sep } from 'node:path'

/** Names of packages, or patterns for the paths of files. */
export type Patterns = readonly (string | RegExp)[]

export interface Choice {
  /** What is compiled; everything by default. */
  readonly include: Patterns | undefined
  /** What is not. */
  readonly exclude: Patterns | undefined
  /** Only modules that say so at their head. */
  readonly marked?: boolean
}

const MARK =
  /^(?:#!.*\n)?(?:\s|;|\/\/.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/|'use strict'|"use strict")*(?:'use green'|"use green")/

/** Whether a module begins with the directive 'use green'. */
export function isMarked(source: string): boolean {
  return MARK.test(source)
}

/** Why a file is not compiled; null when it is. */
export function whyNot(file: string, { include, exclude }: Choice): string | null {
  if (exclude !== undefined && matches(file, exclude)) return 'excluded'
  return include === undefined || matches(file, include) ? null : 'not included'
}

function matches(file: string, patterns: Patterns): boolean {
  return patterns.some((pattern) =>
    typeof pattern === 'string' ? packageOf(file) === pattern : pattern.test(file),
  )
}

/** The package that a file belongs to: the last folder below a `node_modules`; undefined outside of all. */
function packageOf(file: string): string | undefined {
  const marker = `${sep}node_modules${sep}`
  const at = file.lastIndexOf(marker)
  if (at < 0) return undefined
  const [first, second] = file.slice(at + marker.length).split(sep)
  return first?.startsWith('@') ? `${first}/${second}` : first
}
