// Which greenlets are shown, in which order and how deep: the tree of who spawned whom, or a plain list in another order.
import type { Greenlet, Model } from './model.ts'

export type Order = 'tree' | 'name' | 'state' | 'wait' | 'age'

export interface View {
  readonly filter: string
  readonly order: Order
  readonly collapsed: ReadonlySet<number>
}

/** One line of the table. */
export interface Line {
  readonly greenlet: Greenlet
  readonly level: number
  /** How many it has spawned that are there. */
  readonly children: number
  /** Whether it is there only because of one below. */
  readonly faint: boolean
}

/** The lines of the table. */
export function linesOf(model: Model, { filter, order, collapsed }: View): Line[] {
  const matches = filterOf(filter, model)
  if (order !== 'tree') {
    const found = [...model.greenlets.values()].filter(matches)
    found.sort(ORDERS[order])
    return found.map((greenlet) => ({ greenlet, level: 1, children: 0, faint: false }))
  }
  const children = childrenOf(model)
  const kept = filter === '' ? null : withAncestors(model, matches)
  const lines: Line[] = []
  const add = (greenlet: Greenlet, level: number) => {
    const below = children.get(greenlet.id) ?? []
    const faint = kept !== null && !kept.get(greenlet.id)
    lines.push({ greenlet, level, children: below.length, faint })
    if (collapsed.has(greenlet.id) && kept === null) return
    for (const child of below) if (kept === null || kept.has(child.id)) add(child, level + 1)
  }
  for (const root of children.get(-1) ?? []) if (kept === null || kept.has(root.id)) add(root, 1)
  return lines
}

/** Text is looked for in names and numbers; `is:blocked`, `waits:Queue.get` and `on:jobs` say where. */
function filterOf(filter: string, { things }: Model): (greenlet: Greenlet) => boolean {
  const tests = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word): ((greenlet: Greenlet) => boolean) => {
      const [, key, value = ''] = /^(is|waits|on):(.+)$/.exec(word) ?? []
      if (key === 'is') return ({ state }) => state.startsWith(value)
      if (key === 'waits') return ({ kind }) => kind.toLowerCase().startsWith(value)
      if (key === 'on') {
        return ({ thing }) => {
          const found = things.get(thing)
          return (
            found !== undefined &&
            (`#${thing}` === value || (found.name ?? '').toLowerCase().includes(value))
          )
        }
      }
      return ({ name, id }) => name.toLowerCase().includes(word) || String(id) === word
    })
  return (greenlet) => tests.every((test) => test(greenlet))
}

const ORDERS: Record<Exclude<Order, 'tree'>, (a: Greenlet, b: Greenlet) => number> = {
  name: (a, b) => compare(a.name, b.name) || a.id - b.id,
  state: (a, b) => compare(a.state, b.state) || a.id - b.id,
  wait: (a, b) => compare(a.kind, b.kind) || a.id - b.id,
  age: (a, b) => since(a) - since(b) || a.id - b.id,
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function since({ sinceMs }: Greenlet): number {
  return sinceMs < 0 ? Infinity : sinceMs
}

/** Those of greenlets that have gone, and of main, stand at the root. */
function childrenOf({ greenlets }: Model): Map<number, Greenlet[]> {
  const children = new Map<number, Greenlet[]>()
  for (const greenlet of greenlets.values()) {
    const parent = greenlets.has(greenlet.parent) ? greenlet.parent : -1
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [greenlet])
    else siblings.push(greenlet)
  }
  for (const siblings of children.values()) siblings.sort((a, b) => a.id - b.id)
  return children
}

/** Those that match (true), and those above them (false). */
function withAncestors(
  { greenlets }: Model,
  matches: (greenlet: Greenlet) => boolean,
): Map<number, boolean> {
  const kept = new Map<number, boolean>()
  for (const greenlet of greenlets.values()) {
    if (!matches(greenlet)) continue
    kept.set(greenlet.id, true)
    let above = greenlets.get(greenlet.parent)
    while (above !== undefined && !kept.has(above.id)) {
      kept.set(above.id, false)
      above = greenlets.get(above.parent)
    }
  }
  return kept
}
