// The source maps that files came with. A process that was told to (`--enable-source-maps`) shows the places they name.
import { readFileSync } from 'node:fs'
import { findSourceMap, SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A place as a stack shows it. */
export interface Shown {
  /** A path or a URL. */
  readonly name: string
  readonly line: number
  readonly column: number
}

let asked = false

/** Notes whether the process was told to map stacks; emulation itself turns that on for its own maps. */
export function noteAsked(): void {
  asked = process.sourceMapsEnabled
}

/** Where a place of a script that was not compiled came from; the place itself where no map says, or none is asked for. */
export function writtenPlace(place: Shown): Shown {
  return asked ? mapped(place, findSourceMap(place.name)) : place
}

/** The same for a place in the source of a compiled file. */
export function writtenPlaceIn(source: string, place: Shown): Shown {
  return asked ? mapped(place, mapOf(place.name, source)) : place
}

function mapped(place: Shown, map: SourceMap | undefined): Shown {
  const entry = map?.findEntry(place.line - 1, place.column - 1)
  if (entry === undefined || !('originalSource' in entry)) return place
  const { originalSource, originalLine, originalColumn } = entry
  if (originalSource === undefined) return place
  const name = new URL(originalSource, urlOf(place.name)).href
  return {
    name: name.startsWith('file:') ? fileURLToPath(name) : name,
    line: originalLine + 1,
    column: originalColumn + 1,
  }
}

const maps = new Map<string, SourceMap | undefined>()

function mapOf(file: string, source: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readMap(file, source))
  return maps.get(file)
}

function readMap(file: string, source: string): SourceMap | undefined {
  const url = [...source.matchAll(/\/[/*][#@]\s+sourceMappingURL=(\S+)/g)].at(-1)?.[1]
  if (url === undefined) return undefined
  try {
    const data = /^data:[^,]*;base64,(.*)$/.exec(url)?.[1]
    const text =
      data === undefined
        ? readFileSync(new URL(url, urlOf(file)), 'utf8')
        : Buffer.from(data, 'base64').toString()
    return new SourceMap(JSON.parse(text) as SourceMapPayload)
  } catch {
    // Without a map the place is that of the file.
    return undefined
  }
}

function urlOf(name: string): string {
  return name.startsWith('file:') ? name : pathToFileURL(name).href
}
