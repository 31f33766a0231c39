// The dump as text, for people: greenlets as a tree by who spawned whom.
import { dump, type Dump, type GreenletDump, type WaitDump } from './dump.ts'

/**
 * Writes a dump as text.
 *
 * @param state - What to write; the present state by default.
 * @returns a tree of greenlets with what each waits for, then the registered pools, queues and the like.
 * @example
 * ```ts
 * import { formatDump } from '@greenhouse/scheduler'
 *
 * console.log(formatDump().split('\n')[0]) // => 0 "main" main, running
 * ```
 */
export function formatDump(state: Dump = dump()): string {
  const known = new Set(state.greenlets.map(({ id }) => id))
  const children = new Map<number | null, GreenletDump[]>()
  for (const greenlet of state.greenlets) {
    const parent = greenlet.parent !== null && known.has(greenlet.parent) ? greenlet.parent : null
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [greenlet])
    else siblings.push(greenlet)
  }
  const lines: string[] = []
  const left = below(null, 0)
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { greenlet, depth } = next
    const indent = '  '.repeat(Math.min(depth, DEEPEST))
    lines.push(
      indent + headline(greenlet),
      ...details(greenlet).map((line) => `${indent}    ${line}`),
    )
    for (const child of below(greenlet.id, depth + 1)) left.push(child)
  }
  for (const { kind, name, statistics } of state.registered) {
    lines.push(`${kind}${name === undefined ? '' : ` "${name}"`}: ${JSON.stringify(statistics)}`)
  }
  return lines.join('\n')

  function below(id: number | null, depth: number): { greenlet: GreenletDump; depth: number }[] {
    return (children.get(id) ?? []).map((greenlet) => ({ greenlet, depth })).reverse()
  }
}

/** Deeper generations are not indented any further. */
const DEEPEST = 40

/** A wait in words: `Lock.acquire on "db" for 1200 ms, held by greenlet 3 "worker"`. */
export function waitInWords(wait: WaitDump): string {
  const on = wait.on === undefined ? '' : ` on "${wait.on}"`
  const left = wait.leftMs === undefined ? '' : `, ${wait.leftMs} ms left`
  const held = wait.heldBy === undefined ? '' : `, held by ${wait.heldBy}`
  const site = wait.site === undefined ? '' : `, at ${wait.site}`
  const inside =
    wait.inside === undefined || wait.inside.length === 0
      ? ''
      : ` > ${wait.inside.map(waitInWords).join(' + ')}`
  return `${wait.kind}${on} for ${wait.forMs} ms${left}${held}${site}${inside}`
}

function headline(greenlet: GreenletDump): string {
  const marks = [greenlet.daemon && 'daemon', greenlet.detached && 'detached'].filter(Boolean)
  return `${greenlet.id} "${greenlet.name}" ${[greenlet.kind, greenlet.state, ...marks].join(', ')}`
}

function details(greenlet: GreenletDump): string[] {
  return [
    ...greenlet.waits.map((wait) => `waits for ${waitInWords(wait)}`),
    ...greenlet.abandoned.map((kind) => `abandoned ${kind}, whose body still runs`),
    ...(greenlet.ignoredEndAt === undefined ? [] : [`ignored its end at ${greenlet.ignoredEndAt}`]),
    ...(greenlet.spawnSite === undefined ? [] : [`spawned at ${greenlet.spawnSite}`]),
  ]
}
