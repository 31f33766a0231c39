// ES modules that give what a graph holds: CommonJS modules of it, its views of Node's modules, its `fetch`.
import type { Graph } from './graph.ts'

/** Where such modules find their graphs. */
const GRAPHS = '@greenhouse/emulation/graphs@1'

const cell = globalThis as unknown as Record<symbol, Map<string, Graph> | undefined>

/** All graphs that ES modules may belong to, by their ids. */
export const graphs: Map<string, Graph> = (cell[Symbol.for(GRAPHS)] ??= new Map<string, Graph>())

/** The text of a module that exports what a CommonJS module does. It is loaded for its names. */
export function bridge(graph: Graph, file: string): string {
  return exporting(`${found(graph)}.load(${JSON.stringify(file)},null)`, graph.load(file, null))
}

/** The URL of a module that exports what one of Node does, as a graph sees it. */
export function viewUrl(graph: Graph, name: string): string {
  const view = `${found(graph)}.views.module(${JSON.stringify(name)})`
  return urlOf(exporting(view, process.getBuiltinModule(name)))
}

/** The import of the graph's `fetch`. In a circle of modules it is there from the start, as the global is. */
export function fetchImport(graph: Graph): string {
  return `import{fetch}from${JSON.stringify(urlOf(`export const{fetch}=${found(graph)}.views`))};`
}

function found({ id }: Graph): string {
  return `globalThis[Symbol.for(${JSON.stringify(GRAPHS)})].get(${JSON.stringify(id)})`
}

const NAME = /^[A-Za-z_$][\w$]*$/

/** The text of a module with the value of an expression as its default, and its properties by name. */
function exporting(expression: string, value: unknown): string {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const lines = Object.keys(isObject ? value : {})
    .filter((name) => NAME.test(name) && name !== 'default')
    .map((name, i) => `const e${i}=x.${name};export{e${i} as ${name}};`)
  return `const x=${expression};export default x;${lines.join('')}`
}

function urlOf(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`
}
