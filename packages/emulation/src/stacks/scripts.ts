// The compiled scripts of this process, by the names that V8 has for them, and what their places were in the source.
import { fileURLToPath } from 'node:url'
import { SourceMap, type SourceMapPayload } from 'node:module'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { generatedPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import type { Compiled, Untwinned } from '../compile/index.ts'
import { functionNames, type NameOf } from './names.ts'
import type { Origin } from './origins.ts'

/** A place in a source: line and column from 1. */
export interface SourcePlace {
  readonly script: Script
  readonly line: number
  readonly column: number
}

/** A compiled script. */
export class Script {
  /** What V8 would call it if it had not been compiled: a path, or a URL. */
  readonly name: string
  /** What V8 calls it. */
  readonly compiledName: string
  /** The functions that cannot be suspended, with the reasons. */
  readonly untwinned: readonly Untwinned[]
  private readonly encoded: EncodedSourceMap
  private map: SourceMap | undefined
  private names: NameOf | undefined

  constructor(
    name: string,
    compiledName: string,
    encoded: EncodedSourceMap,
    untwinned: readonly Untwinned[],
  ) {
    this.name = name
    this.compiledName = compiledName
    this.untwinned = untwinned
    this.encoded = encoded
  }

  get source(): string {
    return this.encoded.sourcesContent?.[0] ?? ''
  }

  /** Where a place of the compiled text was; null for what only the compiler has written. */
  original(line: number, column: number): SourcePlace | null {
    this.map ??= new SourceMap(this.encoded as unknown as SourceMapPayload)
    const entry = this.map.findEntry(line - 1, column - 1)
    if (!('originalSource' in entry) || entry.originalSource === undefined) return null
    if (entry.generatedLine !== line - 1) return null
    return { script: this, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
  }

  /** Where a place of the source is in the compiled text. */
  compiled(line: number, column: number): Origin | null {
    const source = this.encoded.sources[0] ?? ''
    const map = new TraceMap(this.encoded)
    const found = generatedPositionFor(map, { source, line, column: column - 1 })
    if (found.line === null) return null
    return { script: this.compiledName, line: found.line, column: found.column + 1 }
  }

  /** The function around a place. */
  readonly nameOf: NameOf = (line, column) => {
    this.names ??= functionNames(this.source)
    return this.names(line, column)
  }
}

const scripts = new Map<string, Script>()
const byFile = new Map<string, Script>()

/** Enters a script that V8 will know as `script`, made of a file. */
export function noteScript(
  script: string,
  file: string,
  name: string,
  { map, functions }: Pick<Compiled, 'map' | 'functions'>,
): void {
  const made = new Script(name, script, map, functions)
  scripts.set(script, made)
  byFile.set(file, made)
}

export function scriptOf(script: string): Script | undefined {
  return scripts.get(script)
}

/** The script that was made of a file. */
export function scriptOfFile(file: string): Script | undefined {
  return byFile.get(file)
}

const plain = new Map<string, string>()

/** Enters why a file was not compiled. */
export function notePlain(file: string, reason: string): void {
  plain.set(file, reason)
}

/** Why a script runs as it is. */
export function whyPlain(script: string): string {
  const file = script.startsWith('file:') ? fileURLToPath(script) : script
  return plain.get(file) ?? 'foreign code'
}
