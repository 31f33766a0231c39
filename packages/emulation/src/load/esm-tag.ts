// A green copy of an ES module is the module under a URL with a tag: `file:///x.js?green=3` belongs to graph 3.

const TAG = /[?&]green=(\w+)/
const ENTRY = 'data:text/greenhouse,'

/** What a graph is entered by. */
export interface Entry {
  readonly graph: string
  readonly specifier: string
  readonly parentURL: string
}

export function tagOf(url: string | undefined): string | null {
  return TAG.exec(url ?? '')?.[1] ?? null
}

export function tagged(url: string, graph: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}green=${graph}`
}

export function untagged(url: string): string {
  return url.replace(TAG, '')
}

/** A specifier that says who asks for what. */
export function entrySpecifier(entry: Entry): string {
  return ENTRY + encodeURIComponent(JSON.stringify(entry))
}

export function readEntry(specifier: string): Entry | null {
  if (!specifier.startsWith(ENTRY)) return null
  return JSON.parse(decodeURIComponent(specifier.slice(ENTRY.length))) as Entry
}
