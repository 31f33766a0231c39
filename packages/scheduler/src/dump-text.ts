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
    children.set(parent, [...(children.get(parent) ?? []), greenlet])
  }
  const lines: string[] = []
  const write = (greenlet: GreenletDump, indent: string) => {
    lines.push(
      indent + headline(greenlet),
      ...details(greenlet).map((line) => `${indent}    ${line}`),
    )
    for (const child of children.get(greenlet.id) ?? []) write(child, `${indent}  `)
  }
  for (const greenlet of children.get(null) ?? []) write(greenlet, '')
  for (const { kind, name, statistics } of state.registered) {
    lines.push(`${kind}${name === undefined ? '' : ` "${name}"`}: ${JSON.stringify(statistics)}`)
  }
  return lines.join('\n')
}

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
