// The compiled scripts of this process, by the names that V8 has for them, and what their places were in the source.
import { SourceMap, type SourceMapPayload } from 'node:module'
import type { EncodedSourceMap } from '@jridgewell/gen-mapping'
import { functionNames, type NameOf } from './names.ts'

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
  private readonly encoded: EncodedSourceMap
  private map: SourceMap | undefined
  private names: NameOf | undefined

  constructor(name: string, encoded: EncodedSourceMap) {
    this.name = name
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
  map: EncodedSourceMap,
): void {
  const made = new Script(name, map)
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
