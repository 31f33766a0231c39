// All about the greenlet that is selected, and what may be done to it.
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { duration } from './format.ts'
import type { Model } from './model.ts'

interface WaitDump {
  readonly kind: string
  readonly forMs: number
  readonly on?: string
  readonly heldBy?: string
  readonly leftMs?: number
  readonly site?: string
  readonly inside?: readonly WaitDump[]
}

interface Details {
  readonly id: number
  readonly name: string
  readonly kind: string
  readonly state: string
  readonly daemon: boolean
  readonly detached: boolean
  readonly waits: readonly WaitDump[]
  readonly spawnSite?: string
  readonly ignoredEndAt?: string
}

export interface DetailsProps {
  readonly model: Model
  readonly id: number
  readonly version: number
  readonly onSelect: (id: number) => void
  readonly onSay: (message: string) => void
}

export function DetailsPanel({ model, id, version, onSelect, onSay }: DetailsProps): JSX.Element {
  const [details, setDetails] = useState<Details | null>(null)
  const row = model.greenlets.get(id)
  useEffect(() => {
    if (row === undefined) return
    const abort = new AbortController()
    void fetch(`/api/greenlet/${id}`, { signal: abort.signal })
      .then(async (answer) =>
        setDetails(answer.ok ? ((await answer.json()) as Details | null) : null),
      )
      // Overtaken by the next, or the line has broken, of which the bar tells.
      .catch(() => {})
    return () => abort.abort()
  }, [id, version])
  if (row === undefined) {
    return (
      <section class="panel details" aria-label="Selected greenlet">
        <h2>{`Greenlet ${id}`}</h2>
        <p class="dim">It has gone.</p>
      </section>
    )
  }
  const parent = model.greenlets.get(row.parent)
  const known = details?.id === id ? details : null
  const marks = [known?.kind, row.daemon && 'daemon', known?.detached && 'detached']
  return (
    <section class="panel details" aria-label="Selected greenlet">
      <h2>
        <span class="id">{row.id}</span> {row.name}
      </h2>
      <dl>
        <dt>State</dt>
        <dd>
          <span class={`is-${row.state}`}>{row.state}</span>
          <span class="dim">{` ${marks.filter(Boolean).join(', ')}`}</span>
        </dd>
        <dt>Spawned by</dt>
        <dd>
          {parent === undefined ? (
            <span class="dim">{row.parent < 0 ? 'main' : `${row.parent}, which has gone`}</span>
          ) : (
            <button
              class="link"
              onClick={() => onSelect(parent.id)}
            >{`${parent.id} ${parent.name}`}</button>
          )}
        </dd>
        {known?.spawnSite === undefined ? null : (
          <>
            <dt>At</dt>
            <dd class="site">{known.spawnSite}</dd>
          </>
        )}
        {known?.ignoredEndAt === undefined ? null : (
          <>
            <dt>Ignored its end</dt>
            <dd class="site">{known.ignoredEndAt}</dd>
          </>
        )}
        <dt>Waits for</dt>
        <dd>
          {known === null || known.waits.length === 0 ? (
            <span class="dim">nothing known</span>
          ) : (
            <Waits waits={known.waits} />
          )}
        </dd>
      </dl>
      <Actions key={id} id={id} name={row.name} model={model} onSay={onSay} />
    </section>
  )
}

function Waits({ waits }: { waits: readonly WaitDump[] }): JSX.Element {
  return (
    <ul class="waits">
      {waits.map(({ kind, forMs, on, heldBy, leftMs, site, inside }, i) => (
        <li key={i}>
          <b>{kind}</b>
          {on === undefined ? '' : ` ${on}`}
          <span class="dim">
            {` for ${duration(forMs)}`}
            {leftMs === undefined ? '' : `, ${duration(leftMs)} left`}
            {heldBy === undefined ? '' : `, held by ${heldBy}`}
          </span>
          {site === undefined ? null : <div class="site">{site}</div>}
          {inside === undefined ? null : <Waits waits={inside} />}
        </li>
      ))}
    </ul>
  )
}

/** The buttons; the first press asks, the second acts. */
function Actions({
  id,
  name,
  model,
  onSay,
}: Omit<DetailsProps, 'version' | 'onSelect'> & { name: string }): JSX.Element | null {
  const [asked, setAsked] = useState<string | null>(null)
  if (model.hello?.allowed.includes('act') !== true || id === 0) return null
  const press = async (verb: string) => {
    if (asked !== verb) return setAsked(verb)
    setAsked(null)
    const answer = await fetch(`/api/${verb}/${id}`, { method: 'POST' }).catch(() => null)
    const past = verb === 'end' ? 'Ended' : 'Interrupted'
    onSay(
      answer?.ok
        ? `${past} greenlet ${id} ${name}`
        : `Not done: ${(await answer?.text()) ?? 'no answer'}`,
    )
  }
  return (
    <div class="actions">
      {['interrupt', 'end'].map((verb) => (
        <button
          key={verb}
          class={asked === verb ? 'danger' : ''}
          onClick={() => void press(verb)}
          onBlur={() => setAsked(null)}
        >
          {asked === verb ? `Really ${verb}?` : verb === 'end' ? 'End' : 'Interrupt'}
        </button>
      ))}
      <span class="dim">
        {asked === 'interrupt'
          ? 'Throws an error at its wait'
          : asked === 'end'
            ? 'Throws GreenletExit at its wait'
            : ''}
      </span>
    </div>
  )
}
