// The modules of the process itself, in a program run green: what the hooks of Node's loaders give for them.
import { readFileSync } from 'node:fs'
import { reportFile } from '../report.ts'
import { isMarked, whyNot, type Choice } from './choice.ts'
import { greenSource } from './green-source.ts'
import { asJavaScript } from './typescript.ts'
import type { Wrapped } from './wrapped.ts'

/** A module as hooks give it. */
export interface Loaded {
  readonly format: string
  readonly source: string
}

/** How the modules of the process are compiled; `wrapMain` gives the main module another text, or null. */
export interface Program {
  readonly choice: Choice
  readonly mainUrl: () => string | null
  readonly wrapMain: (source: string) => Wrapped | null
  /** A script's text, compiled; null where it stays what it is. */
  readonly compileScript: (source: string, file: string) => string | null
}

let program: Program | null = null

/** Compiles all modules that are loaded from now on. */
export function setProgram(given: Program): void {
  program = given
}

/** null where a module is left to Node. */
export function loadOfProgram(
  url: string,
  file: string,
  told: string | null | undefined,
  given: string | undefined,
): Loaded | null {
  if (program === null || !/^(module|commonjs)(-typescript)?$/.test(told ?? '')) return null
  const { source: text, format } = asJavaScript(given, told)
  if (format === 'commonjs') return scriptOf(file, told, text)
  if (format !== 'module') return null
  const why = whyNot(file, program.choice)
  if (why !== null) {
    reportFile({ file, compiled: false, reason: why, functions: [] })
    return null
  }
  const source = text ?? readFileSync(file, 'utf8')
  if (program.choice.marked === true && !isMarked(source)) return null
  const { text: whole, own } = bodyOf(url, source, program)
  const { code, report } = greenSource(whole, file, 'module', { script: url, name: url, own })
  reportFile(report)
  return report.compiled ? { format, source: code } : null
}

/** Whether the hooks run in a thread of their own: what they hand over is not seen by `require`. */
const IN_THREAD = !('registerHooks' in process.getBuiltinModule('module'))

/** Node reads scripts itself, and they are compiled then, unless a loader has made their text. */
function scriptOf(file: string, told: unknown, text: string | undefined): Loaded | null {
  if (text === undefined || (told === 'commonjs' && !IN_THREAD)) return null
  const source = program!.compileScript(text, file)
  return source === null ? null : { format: 'commonjs', source }
}

function bodyOf(url: string, text: string, { mainUrl, wrapMain }: Program): Wrapped {
  const plain: Wrapped = { text, own: [0, text.length] }
  if (url !== mainUrl()) return plain
  try {
    return wrapMain(text) ?? plain
  } catch {
    // Node says what is wrong with it.
    return plain
  }
}
