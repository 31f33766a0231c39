// What is beside the table: what greenlets wait for in sum, locks with owners and waiters, pools and queues with their depth.
import type { ComponentChildren, JSX } from 'preact'
import { familyOf } from './families.ts'
import { count } from './format.ts'
import type { Model, Thing } from './model.ts'

export interface SideProps {
  readonly model: Model
  readonly onSelect: (id: number) => void
  readonly onFilter: (filter: string) => void
}

export function WaitsPanel({ model, onFilter }: SideProps): JSX.Element {
  const counts = new Map<string, number>()
  for (const { kind } of model.greenlets.values()) {
    if (kind !== '') counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const all = [...counts].sort(([, a], [, b]) => b - a)
  const most = all[0]?.[1] ?? 1
  return (
    <Panel title="What they wait for">
      {all.length === 0 ? <p class="dim">Nobody waits.</p> : null}
      <ul class="bars">
        {all.slice(0, 12).map(([kind, waiting]) => (
          <li key={kind}>
            <button title={`Show who waits for ${kind}`} onClick={() => onFilter(`waits:${kind}`)}>
              <i class={`dot family-${familyOf(kind)}`} aria-hidden="true" />
              <span class="text">{kind}</span>
              <span class="number">{count(waiting)}</span>
              <span class="bar" aria-hidden="true">
                <i
                  class={`family-${familyOf(kind)}`}
                  style={{ width: `${(100 * waiting) / most}%` }}
                />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

export function LocksPanel({ model, onSelect, onFilter }: SideProps): JSX.Element | null {
  const locks = [...model.things.values()].filter(({ holder }) => holder !== undefined)
  if (locks.length === 0) return null
  const waiters = waitersOf(model)
  const waitingFor = ({ id }: Thing) => waiters.get(id) ?? []
  locks.sort((a, b) => waitingFor(b).length - waitingFor(a).length || a.id - b.id)
  return (
    <Panel title="Locks">
      <table>
        <thead>
          <tr>
            <th scope="col">Lock</th>
            <th scope="col">Held by</th>
            <th scope="col">Waiting</th>
          </tr>
        </thead>
        <tbody>
          {locks.slice(0, 30).map((lock) => {
            const waiting = waitingFor(lock)
            const holder = lock.holder == null ? undefined : model.greenlets.get(lock.holder)
            return (
              <tr key={lock.id}>
                <td>
                  <Title thing={lock} />
                </td>
                <td>
                  {lock.holder == null ? (
                    <span class="dim">free</span>
                  ) : (
                    <button class="link" onClick={() => onSelect(lock.holder!)}>
                      <span class="id">{lock.holder}</span> {holder?.name ?? 'gone'}
                    </button>
                  )}
                </td>
                <td class="number">
                  {waiting.length === 0 ? (
                    <span class="dim">0</span>
                  ) : (
                    <button
                      class="link"
                      title={`Waiting: ${waiting.slice(0, 20).join(', ')}`}
                      onClick={() => onFilter(`on:#${lock.id}`)}
                    >
                      {waiting.length}
                    </button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Panel>
  )
}

export function DepthsPanel({ model, onFilter }: SideProps): JSX.Element | null {
  const things = [...model.things.values()].filter((thing) => depthOf(thing) !== null)
  if (things.length === 0) return null
  return (
    <Panel title="Pools and queues">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Depth</th>
            <th scope="col">More</th>
          </tr>
        </thead>
        <tbody>
          {things.slice(0, 40).map((thing) => {
            const { used, most, rest } = depthOf(thing)!
            const share = most === null ? Math.min(1, used / 100) : used / Math.max(1, most)
            return (
              <tr key={thing.id}>
                <td>
                  <button
                    class="link"
                    title="Show who waits on it"
                    onClick={() => onFilter(`on:#${thing.id}`)}
                  >
                    <Title thing={thing} />
                  </button>
                </td>
                <td class="depth">
                  <span>
                    {count(used)}
                    <span class="dim">{most === null ? '' : ` / ${count(most)}`}</span>
                  </span>
                  <span class="bar" aria-hidden="true">
                    <i
                      class={share > 0.9 ? 'full' : ''}
                      style={{ width: `${Math.min(100, 100 * share)}%` }}
                    />
                  </span>
                </td>
                <td class="dim rest">{rest}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Panel>
  )
}

export function OthersPanel({ model }: SideProps): JSX.Element | null {
  const things = [...model.things.values()].filter(
    (thing) => thing.holder === undefined && depthOf(thing) === null,
  )
  if (things.length === 0) return null
  return (
    <Panel title="Servers and more">
      <table>
        <tbody>
          {things.slice(0, 40).map((thing) => (
            <tr key={thing.id}>
              <td>
                <Title thing={thing} />
              </td>
              <td class="dim rest">{words(thing.statistics)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function Panel({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Title({ thing: { kind, name, id } }: { thing: Thing }): JSX.Element {
  return (
    <>
      {name ?? <span class="dim">{`#${id}`}</span>} <span class="dim kind">{kind}</span>
    </>
  )
}

/** How full a thing is, by the words that queues, pools and semaphores of greenhouse use; null for other things. */
function depthOf({
  statistics,
}: Thing): { used: number; most: number | null; rest: string } | null {
  const { size, maxSize, queued, running, concurrency, ...rest } = statistics
  if (typeof size === 'number') {
    return { used: size, most: typeof maxSize === 'number' ? maxSize : null, rest: words(rest) }
  }
  if (typeof queued !== 'number' || typeof running !== 'number') return null
  const workers = {
    running: typeof concurrency === 'number' ? `${running} / ${concurrency}` : running,
  }
  return { used: queued, most: null, rest: words({ ...workers, ...rest }) }
}

/** Figures that are not nothing. */
function words(statistics: Readonly<Record<string, unknown>>): string {
  return Object.entries(statistics)
    .filter(([, value]) => value !== 0 && value !== false && value !== null)
    .map(([key, value]) => {
      const name = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
      if (value === true) return name
      return `${typeof value === 'string' ? value : JSON.stringify(value)} ${name}`
    })
    .join(', ')
}

function waitersOf({ greenlets }: Model): Map<number, number[]> {
  const waiters = new Map<number, number[]>()
  for (const { thing, id } of greenlets.values()) {
    if (thing === 0) continue
    const known = waiters.get(thing)
    if (known === undefined) waiters.set(thing, [id])
    else known.push(id)
  }
  return waiters
}
