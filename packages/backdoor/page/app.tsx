// The page: a bar, the plots, the table of greenlets, and what is beside it.
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Bar } from './bar.tsx'
import type { Connection } from './connection.ts'
import { DetailsPanel } from './details.tsx'
import { FAMILIES } from './families.ts'
import type { Model, State } from './model.ts'
import { Plots } from './plots.tsx'
import { record, type Recording } from './recording.ts'
import { RecordingNote } from './recording-note.tsx'
import { DepthsPanel, LocksPanel, OthersPanel, WaitsPanel } from './side.tsx'
import { Table } from './table.tsx'
import { useTheme } from './theme.ts'
import { palette } from './timeline.ts'
import { linesOf, type Order } from './tree.ts'

export interface AppProps {
  readonly model: Model
  readonly connection: Connection
  /** Calls back whenever the model has changed; gives what stops it. */
  readonly listen: (changed: () => void) => () => void
}

const STATES: readonly State[] = ['running', 'ready', 'blocked', 'initial']

export function App({ model, connection, listen }: AppProps): JSX.Element {
  const [version, setVersion] = useState(0)
  const [filter, setFilter] = useState('')
  const [order, setOrder] = useState<Order>('tree')
  const [selected, setSelected] = useState<number | null>(null)
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set())
  const [recording, setRecording] = useState<Recording | null>(null)
  const [said, setSaid] = useState('')
  const [theme, chosen, setTheme] = useTheme()
  const search = useRef<HTMLInputElement>(null)

  useEffect(() => listen(() => setVersion((n) => n + 1)), [])
  useEffect(() => {
    const listenToKeys = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return
      if (event.key !== '/' || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      search.current?.focus()
    }
    document.addEventListener('keydown', listenToKeys)
    return () => document.removeEventListener('keydown', listenToKeys)
  }, [])
  const colors = useMemo(() => palette(), [theme])
  const lines = useMemo(
    () => linesOf(model, { filter, order, collapsed }),
    [version, filter, order, collapsed],
  )
  const counts = useMemo(() => countStates(model), [version])

  const select = (id: number) => setSelected(id)
  const onCollapse = (id: number, collapse: boolean) => {
    const next = new Set(collapsed)
    if (collapse) next.add(id)
    else next.delete(id)
    setCollapsed(next)
  }
  const onRecord = async (forMs: number) => {
    setSaid(`Recording for ${forMs / 1000} s`)
    try {
      setRecording(await record(forMs))
      setSaid('The timeline shows the recording')
    } catch (error) {
      setSaid(`Not recorded: ${(error as Error).message}`)
    }
  }
  const side = { model, onSelect: select, onFilter: setFilter }

  return (
    <>
      <Bar
        model={model}
        connection={connection}
        theme={chosen}
        onTheme={setTheme}
        onRecord={onRecord}
      />
      <Plots model={model} version={version} theme={theme} />
      <main>
        <div class="tools">
          <label class="search">
            <span class="visually-hidden">Filter greenlets</span>
            <input
              ref={search}
              type="search"
              placeholder="Filter: name, is:ready, waits:Queue.get"
              value={filter}
              spellcheck={false}
              onInput={(event) => setFilter(event.currentTarget.value)}
              onKeyDown={(event) => event.key === 'Escape' && setFilter('')}
            />
            <kbd aria-hidden="true">/</kbd>
          </label>
          <div class="states" role="group" aria-label="Filter by state">
            {STATES.map((state) => (
              <button
                key={state}
                class={`chip is-${state}`}
                aria-pressed={filter.split(/\s+/).includes(`is:${state}`)}
                onClick={() => setFilter(toggleState(filter, state))}
              >
                {state} <b>{counts[state]}</b>
              </button>
            ))}
          </div>
          <ul class="legend" aria-label="Colours of the timeline">
            {FAMILIES.map(({ name }, i) => (
              <li key={name}>
                <i class={`dot family-${i}`} aria-hidden="true" />
                {name}
              </li>
            ))}
          </ul>
        </div>
        {recording === null ? null : (
          <RecordingNote recording={recording} onClose={() => setRecording(null)} />
        )}
        <Table
          {...{ model, lines, filter, order, selected, collapsed, colors, recording, onCollapse }}
          onOrder={setOrder}
          onSelect={select}
        />
      </main>
      <aside>
        {selected === null ? (
          <section class="panel" aria-label="Selected greenlet">
            <h2>Greenlet</h2>
            <p class="dim">Select one to see what it waits for.</p>
          </section>
        ) : (
          <DetailsPanel id={selected} version={version} onSay={setSaid} {...side} />
        )}
        <WaitsPanel {...side} />
        <LocksPanel {...side} />
        <DepthsPanel {...side} />
        <OthersPanel {...side} />
      </aside>
      <p class="said" role="status">
        {said}
      </p>
    </>
  )
}

function countStates({ greenlets }: Model): Record<State, number> {
  const counts = { running: 0, ready: 0, blocked: 0, initial: 0 }
  for (const { state } of greenlets.values()) counts[state]++
  return counts
}

/** One state at a time: a greenlet has only one. */
function toggleState(filter: string, state: State): string {
  const words = filter.split(/\s+/).filter((word) => word !== '')
  const others = words.filter((word) => !word.startsWith('is:'))
  return (words.includes(`is:${state}`) ? others : [...others, `is:${state}`]).join(' ')
}
