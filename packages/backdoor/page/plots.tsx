// The plots: how the process did over the last minutes.
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { bytes, count } from './format.ts'
import type { Model } from './model.ts'

interface Curve {
  /** The column of the model's series. */
  readonly column: number
  readonly label: string
  readonly color: string
  readonly fill?: boolean
}

interface PlotSpec {
  readonly title: string
  readonly text: (value: number) => string
  readonly curves: readonly Curve[]
  /** The least that the axis reaches up to. */
  readonly least: number
}

const milliseconds = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
const percent = (value: number) => `${Math.round(value * 100)} %`

const PLOTS: readonly PlotSpec[] = [
  {
    title: 'Lag',
    text: milliseconds,
    least: 2,
    curves: [
      { column: 6, label: 'max', color: '--locks' },
      { column: 4, label: 'mean', color: '--ready', fill: true },
    ],
  },
  {
    title: 'Switches a second',
    text: count,
    least: 10,
    curves: [{ column: 3, label: 'switches', color: '--queues', fill: true }],
  },
  {
    title: 'Greenlets',
    text: count,
    least: 4,
    curves: [
      { column: 1, label: 'alive', color: '--ready', fill: true },
      { column: 2, label: 'ready', color: '--locks' },
    ],
  },
  {
    title: 'Loop busy',
    text: percent,
    least: 1,
    curves: [{ column: 7, label: 'busy', color: '--time', fill: true }],
  },
  {
    title: 'Memory',
    text: bytes,
    least: 1e6,
    curves: [
      { column: 9, label: 'rss', color: '--joins' },
      { column: 8, label: 'heap', color: '--io', fill: true },
    ],
  },
]

/** All plots; `version` says that the model has changed, `theme` that colours have. */
export function Plots({
  model,
  version,
  theme,
}: {
  model: Model
  version: number
  theme: string
}): JSX.Element {
  return (
    <section class="plots" aria-label="Figures over time">
      {PLOTS.map((spec) => (
        <Plot key={`${spec.title} ${theme}`} spec={spec} model={model} version={version} />
      ))}
    </section>
  )
}

function Plot({
  spec,
  model,
  version,
}: {
  spec: PlotSpec
  model: Model
  version: number
}): JSX.Element {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  useEffect(() => {
    const element = holder.current!
    const made = new uPlot(optionsOf(spec, element), dataOf(spec, model), element)
    plot.current = made
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(dataOf(spec, model)), [version])
  return (
    <figure>
      <figcaption>
        <span class="title">{spec.title}</span>
        {spec.curves.map(({ column, label, color }) => (
          <span key={label} class="curve">
            <i class={`dot color${color}`} aria-hidden="true" />
            {spec.curves.length > 1 ? `${label} ` : ''}
            <b>{spec.text(model.latest(column))}</b>
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={holder} aria-hidden="true" />
    </figure>
  )
}

function clockTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', { timeStyle: 'medium' })
}

function dataOf({ curves }: PlotSpec, { series }: Model): uPlot.AlignedData {
  return [series[0]!, ...curves.map(({ column }) => series[column]!)]
}

function optionsOf({ curves, text, least }: PlotSpec, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const grid = { stroke: color('--grid'), width: 1 }
  const common = {
    stroke: color('--dim'),
    font: '10px system-ui, sans-serif',
    grid,
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [6, 16, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'plots' },
      drag: { x: false, y: false },
      points: { show: false },
      y: false,
    },
    scales: {
      x: { range: (_plot, from, to) => [Math.min(from, to - 60), to] },
      y: {
        range: (_plot, _from, to) => [0, Math.max(least, (Number.isFinite(to) ? to : 0) * 1.1)],
      },
    },
    axes: [
      { ...common, size: 18, gap: 3, space: 56, values: (_plot, times) => times.map(clockTime) },
      {
        ...common,
        size: 44,
        gap: 4,
        space: 24,
        values: (_plot, values) => values.map((v) => text(v)),
      },
    ],
    series: [
      {},
      ...curves.map(({ label, color: name, fill }) => ({
        label,
        stroke: color(name),
        width: 1.25,
        points: { show: false },
        ...(fill === true ? { fill: `${color(name)}22` } : {}),
      })),
    ],
  }
}
