// ES modules: hooks of Node give the modules of a green graph compiled, under URLs with a tag. CommonJS modules that they
// import are those of the graph's own loader.
import { readFileSync } from 'node:fs'
import Module from 'node:module'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { reportFile } from '../report.ts'
import { isViewed } from '../view/changes.ts'
import { whyNot } from './choice.ts'
import { bridge, fetchImport, graphs, viewUrl } from './esm-bridge.ts'
import { loadOfProgram, type Loaded } from './esm-program.ts'
import { HOOKS } from './esm-thread.ts'
import { entrySpecifier, readEntry, tagged, tagOf, untagged } from './esm-tag.ts'
import type { Graph } from './graph.ts'
import { greenSource } from './green-source.ts'
import { asJavaScript } from './typescript.ts'

interface Resolved {
  readonly url: string
  readonly format?: string | null
  readonly shortCircuit?: boolean
}

interface Context {
  readonly parentURL?: string
  readonly format?: string | null
}

type NextResolve = (specifier: string, context: Context) => Resolved
type NextLoad = (url: string, context: Context) => { format?: string | null; source?: unknown }

interface Hooks {
  resolve(specifier: string, context: Context, next: NextResolve): Resolved
  load(url: string, context: Context, next: NextLoad): unknown
}

/** What Node offers, by version. */
const loader = Module as unknown as {
  registerHooks?: (hooks: Hooks) => void
  register: (
    specifier: string,
    options: { parentURL: string; data: unknown; transferList: unknown[] },
  ) => void
}

/** Imports a module into a green graph. */
export function importGreen(graph: Graph, specifier: string, parentURL: string): Promise<object> {
  installHooks()
  graphs.set(graph.id, graph)
  return import(entrySpecifier({ graph: graph.id, specifier, parentURL })) as Promise<object>
}

let installed = false

/** Puts the hooks into their place, once. */
export function installHooks(): void {
  if (installed) return
  installed = true
  if (loader.registerHooks !== undefined) loader.registerHooks({ resolve, load })
  else installThread()
}

function resolve(specifier: string, context: Context, next: NextResolve): Resolved {
  const entry = readEntry(specifier)
  const graph = entry?.graph ?? tagOf(context.parentURL)
  if (graph === null) return next(specifier, context)
  const parentURL = entry?.parentURL ?? untagged(context.parentURL!)
  const found = next(entry?.specifier ?? specifier, { ...context, parentURL })
  const url = tag(found.url, graph)
  if (url === null) return found
  return url.startsWith('data:') ? { ...found, url, format: 'module' } : { ...found, url }
}

function load(url: string, context: Context, next: NextLoad): unknown {
  if (!url.startsWith('file:')) return next(url, context)
  const isTagged = tagOf(url) !== null
  const loaded = context.format === 'commonjs' && isTagged ? null : next(untagged(url), context)
  const compiled = compile(url, loaded?.format ?? context.format, textOf(loaded))
  return compiled === null ? loaded : { ...compiled, shortCircuit: true }
}

/** The URL of a module in a graph; null where it is not the graph's. */
function tag(url: string, id: string): string | null {
  if (url.startsWith('node:')) return tagBuiltin(url.slice('node:'.length), graphs.get(id))
  if (!url.startsWith('file:') || /\.(json|node|wasm)$/.test(url)) return null
  const graph = graphs.get(id)
  const file = fileURLToPath(url)
  const why = graph === undefined ? 'unknown' : whyNot(file, graph.choice)
  if (why === null) return tagged(url, id)
  reportFile({ file, compiled: false, reason: why, functions: [] })
  return null
}

function tagBuiltin(name: string, graph: Graph | undefined): string | null {
  return graph !== undefined && isViewed(name) ? viewUrl(graph, name) : null
}

function compile(url: string, told: string | null | undefined, given?: string): Loaded | null {
  const file = fileURLToPath(untagged(url))
  const id = tagOf(url)
  if (id === null) return loadOfProgram(url, file, told, given)
  const graph = graphs.get(id)
  if (graph === undefined) return null
  const { source, format = detected(file) } = asJavaScript(given, told ?? undefined)
  if (format === 'commonjs') return { format: 'module', source: bridge(graph, file) }
  if (format !== 'module') return null
  const { code, report, globals } = greenSource(
    source ?? readFileSync(file, 'utf8'),
    file,
    'module',
    { script: url, name: untagged(url), above: 1 },
  )
  reportFile(report)
  if (!report.compiled) return { format, source: code }
  const own = globals.includes('fetch') ? fetchImport(graph) : ''
  return { format, source: `${own}\n${code}` }
}

/** What a file is whose format nobody has told. */
function detected(file: string): string {
  if (!/\.[cm]?js$/.test(file)) return 'unknown'
  const isScript = greenSource(readFileSync(file, 'utf8'), file, 'script').report.compiled
  return isScript ? 'commonjs' : 'module'
}

function textOf(loaded: ReturnType<NextLoad> | null): string | undefined {
  const source = loaded?.source
  if (source === undefined || source === null) return undefined
  return typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString()
}

/** Versions of Node whose hooks run in a thread of their own. */
function installThread(): void {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', ({ id, question }: { id: number; question: Question }) => {
    port1.postMessage({ id, answer: answer(question) })
  })
  port1.unref()
  loader.register(HOOKS, {
    parentURL: import.meta.url,
    data: { port: port2 },
    transferList: [port2],
  })
}

type Question =
  | { readonly tag: string; readonly graph: string }
  | {
      readonly load: string
      readonly format: string | null | undefined
      readonly text: string | undefined
    }

function answer(question: Question): unknown {
  try {
    return 'tag' in question
      ? tag(question.tag, question.graph)
      : compile(question.load, question.format, question.text)
  } catch {
    // Node loads it, and says what is wrong.
    return null
  }
}
