// Where Node runs its hooks in a thread of their own, that thread asks the main thread. Its code is a text: it needs nothing
// but this, whatever the package was built to. While the main thread is busy or blocked, as in `require` of an ES module, no
// answer comes; then the module runs as it is, and a module of Node is the process's own.

/** Milliseconds until the main thread counts as blocked. */
const PATIENCE_MS = 2000

export const HOOKS: string = `data:text/javascript,${encodeURIComponent(`
let port
let last = 0
const waiting = new Map()
export function initialize(data) {
  port = data.port
  port.on('message', ({ id, answer }) => {
    waiting.get(id)?.(answer)
  })
  port.unref()
}
function ask(question) {
  return new Promise((resolve) => {
    const id = last++
    // The thread sleeps when nothing keeps it awake.
    const timer = setTimeout(() => waiting.get(id)?.(null), ${PATIENCE_MS})
    waiting.set(id, (answer) => {
      waiting.delete(id)
      clearTimeout(timer)
      if (waiting.size === 0) port.unref()
      resolve(answer)
    })
    port.ref()
    port.postMessage({ id, question })
  })
}
const TAG = /[?&]green=(\\w+)/
export async function resolve(specifier, context, next) {
  const isEntry = specifier.startsWith('data:text/greenhouse,')
  const graph = isEntry ? null : TAG.exec(context.parentURL ?? '')?.[1]
  if (!isEntry && graph === undefined) return next(specifier, context)
  const entry = isEntry
    ? JSON.parse(decodeURIComponent(specifier.slice(21)))
    : { graph, specifier, parentURL: context.parentURL.replace(TAG, '') }
  const found = await next(entry.specifier, { ...context, parentURL: entry.parentURL })
  if (!/^(file|node):/.test(found.url)) return found
  const url = await ask({ tag: found.url, graph: entry.graph })
  if (url === null) return found
  return url.startsWith('data:') ? { ...found, url, format: 'module' } : { ...found, url }
}
export async function load(url, context, next) {
  if (!url.startsWith('file:')) return next(url, context)
  const isTagged = TAG.test(url)
  const loaded = context.format === 'commonjs' && isTagged ? {} : await next(url.replace(TAG, ''), context)
  const { format = context.format, source } = loaded
  if (!isTagged && format !== 'module' && format !== 'commonjs') return loaded
  const text = source === undefined || source === null ? undefined : Buffer.from(source).toString()
  const answer = await ask({ load: url, format, text })
  return answer === null ? loaded : { ...answer, shortCircuit: true }
}
`)}`
