// The table of greenlets: a tree grid of which only the rows in sight exist, with the timeline as its last column.
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { familyOf } from './families.ts'
import { duration } from './format.ts'
import type { Greenlet, Model } from './model.ts'
import type { Recording } from './recording.ts'
import { drawPast, drawRecorded, SPAN_MS, type Palette } from './timeline.ts'
import type { Line, Order } from './tree.ts'
import { useSlots, useVirtual } from './virtual.ts'

const ROW_PIXELS = 24
const DEEPEST = 12

export interface TableProps {
  readonly model: Model
  readonly lines: readonly Line[]
  readonly filter: string
  readonly order: Order
  readonly selected: number | null
  readonly collapsed: ReadonlySet<number>
  readonly colors: Palette
  readonly recording: Recording | null
  readonly onOrder: (order: Order) => void
  readonly onSelect: (id: number) => void
  readonly onCollapse: (id: number, collapse: boolean) => void
}

const COLUMNS: readonly { readonly title: string; readonly order: Order; readonly hint: string }[] =
  [
    { title: 'Greenlet', order: 'name', hint: 'by name' },
    { title: 'State', order: 'state', hint: 'by state' },
    { title: 'Waits for', order: 'wait', hint: 'by what it waits for' },
    { title: 'For', order: 'age', hint: 'longest first' },
  ]

export function Table(props: TableProps): JSX.Element {
  const { lines, model, selected, order, onOrder, onSelect, onCollapse, collapsed } = props
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtual(lines.length, ROW_PIXELS, scroller)
  const visible = virtual.getVirtualItems()
  const slotOf = useSlots(visible.map(({ index }) => index))
  const [stripPixels, setStripPixels] = useState(0)

  // The one that was found by a filter is still in sight when the filter is gone.
  useEffect(() => {
    const at = lines.findIndex(({ greenlet }) => greenlet.id === selected)
    if (at >= 0) virtual.scrollToIndex(at)
  }, [props.filter, order])

  const move = (to: number) => {
    const index = Math.max(0, Math.min(lines.length - 1, to))
    const line = lines[index]
    if (line === undefined) return
    onSelect(line.greenlet.id)
    virtual.scrollToIndex(index)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const at = lines.findIndex(({ greenlet }) => greenlet.id === selected)
    const page = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PIXELS) - 2
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at < 0 ? 0 : at - 1),
      PageDown: () => move(at + page),
      PageUp: () => move(at - page),
      Home: () => move(0),
      End: () => move(lines.length - 1),
      ArrowLeft: () => fold(true),
      ArrowRight: () => fold(false),
    }
    const fold = (collapse: boolean) => {
      const line = lines[at]
      if (line === undefined) return
      const isOpen = line.children > 0 && !collapsed.has(line.greenlet.id)
      if (line.children > 0 && isOpen === collapse) return onCollapse(line.greenlet.id, collapse)
      if (!collapse) return move(at + 1)
      const parent = lines.findIndex(({ greenlet }) => greenlet.id === line.greenlet.parent)
      if (parent >= 0) move(parent)
    }
    const act = moves[event.key]
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  }

  return (
    <div class="table">
      <div class="head" role="presentation">
        {COLUMNS.map(({ title, order: by, hint }) => (
          <button
            key={by}
            class={`cell ${by}`}
            aria-pressed={order === by}
            title={order === by ? 'Back to the tree' : `Sort ${hint}`}
            onClick={() => onOrder(order === by ? 'tree' : by)}
          >
            {title}
            {order === by ? <span aria-hidden="true"> ↓</span> : null}
          </button>
        ))}
        <Scale recording={props.recording} onWidth={setStripPixels} />
      </div>
      <div
        class="rows"
        ref={scroller}
        role="treegrid"
        aria-label="Greenlets"
        aria-rowcount={lines.length}
        aria-activedescendant={selected === null ? undefined : `greenlet-${selected}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div class="all" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {visible.map(({ index, start }) => {
            const line = lines[index]
            if (line === undefined) return null
            return (
              <Row key={slotOf(index)} {...{ ...props, line, index, stripPixels }} top={start} />
            )
          })}
        </div>
        {lines.length === 0 ? <p class="empty">No greenlet matches.</p> : null}
      </div>
      <p class="visually-hidden" role="status">{`${lines.length} greenlets shown`}</p>
      {model.hidden > 0 ? (
        <p class="note">{`${model.hidden} more greenlets are counted, but not shown.`}</p>
      ) : null}
    </div>
  )
}

interface RowProps extends TableProps {
  readonly line: Line
  readonly index: number
  readonly top: number
  readonly stripPixels: number
}

function Row(props: RowProps): JSX.Element {
  const { line, index, top, model, collapsed, selected, onSelect, onCollapse } = props
  const { greenlet, level, children, faint } = line
  const isOpen = children > 0 && !collapsed.has(greenlet.id)
  const { kind, state, sinceMs } = greenlet
  return (
    <div
      id={`greenlet-${greenlet.id}`}
      class={`row ${faint ? 'faint' : ''}`}
      role="row"
      aria-rowindex={index + 1}
      aria-level={level}
      aria-selected={selected === greenlet.id}
      aria-expanded={children > 0 ? isOpen : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(greenlet.id)}
    >
      <div
        class="cell name"
        role="gridcell"
        style={{ paddingLeft: `${8 + Math.min(DEEPEST, level - 1) * 14}px` }}
      >
        <span
          class={`fold ${children > 0 ? (isOpen ? 'open' : 'shut') : ''}`}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation()
            if (children > 0) onCollapse(greenlet.id, isOpen)
          }}
        />
        <span class="id">{greenlet.id}</span>
        <span class="text" title={greenlet.name}>
          {greenlet.name}
        </span>
        {children > 0 && !isOpen ? <span class="badge">{children}</span> : null}
        {greenlet.daemon ? <span class="mark">daemon</span> : null}
      </div>
      <div class={`cell state is-${state}`} role="gridcell">
        {state}
      </div>
      <div class="cell wait" role="gridcell">
        <WaitText greenlet={greenlet} model={model} />
      </div>
      <div class="cell age" role="gridcell">
        {state === 'blocked' && sinceMs >= 0 ? duration(model.nowMs - sinceMs) : ''}
      </div>
      <div class="cell line" role="gridcell" aria-label={kind === '' ? state : kind}>
        <Strip {...props} greenlet={greenlet} />
      </div>
    </div>
  )
}

/** What a greenlet waits for, on which thing, and who has that. */
function WaitText({ greenlet, model }: { greenlet: Greenlet; model: Model }): JSX.Element | null {
  const { kind, thing: id } = greenlet
  if (kind === '') return null
  const thing = model.things.get(id)
  const holder = thing?.holder == null ? undefined : model.greenlets.get(thing.holder)
  return (
    <>
      <i class={`dot family-${familyOf(kind)}`} aria-hidden="true" />
      <span class="text">
        {kind}
        {thing?.name === undefined ? null : <b> {thing.name}</b>}
        {holder === undefined ? null : (
          <span class="dim">{` held by ${holder.id} ${holder.name}`}</span>
        )}
      </span>
    </>
  )
}

type StripProps = Pick<RowProps, 'model' | 'colors' | 'recording' | 'stripPixels'>

function Strip({
  greenlet,
  model,
  colors,
  recording,
  stripPixels,
}: StripProps & { greenlet: Greenlet }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    if (recording === null) drawPast(canvas.current!, greenlet, model, colors, stripPixels)
    else drawRecorded(canvas.current!, greenlet.id, recording, colors, stripPixels)
  })
  return <canvas ref={canvas} aria-hidden="true" />
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 0))} s`
}

/** The head of the timeline: its times. */
function Scale({
  recording,
  onWidth,
}: {
  recording: Recording | null
  onWidth: (pixels: number) => void
}): JSX.Element {
  const scale = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const sized = new ResizeObserver(() => onWidth(scale.current!.clientWidth))
    sized.observe(scale.current!)
    return () => sized.disconnect()
  }, [])
  const spanMs = recording === null ? SPAN_MS : recording.toMs - recording.fromMs
  const marks = [1, 0.75, 0.5, 0.25, 0]
  return (
    <div class="cell scale" ref={scale} aria-hidden="true">
      {marks.map((share) => (
        <span key={share} style={{ right: `${share * 100}%` }}>
          {share === 0 ? (recording === null ? 'now' : 'end') : `−${seconds(spanMs * share)}`}
        </span>
      ))}
    </div>
  )
}
