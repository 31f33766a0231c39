// What can be looked at from outside: primitives say what state they are in; those with a name of their own, pools, servers
// and the like register, weakly, so that dump and backdoor show them without importing their packages.
import type { Greenlet } from '../greenlet.ts'

/** Something that the dump can describe. */
export interface Inspectable {
  readonly name?: string | undefined
  /** Plain figures: how many wait, how much is in. */
  statistics(): object
  /** Who has it, where that is known. */
  readonly holder?: Greenlet | null | undefined
}

/** A registered thing. */
export interface Inspected {
  readonly kind: string
  readonly object: Inspectable
}

const registered = new Set<{ readonly kind: string; readonly ref: WeakRef<Inspectable> }>()
const gone = new FinalizationRegistry<{
  readonly kind: string
  readonly ref: WeakRef<Inspectable>
}>((entry) => {
  registered.delete(entry)
})

/** Makes an object visible to dump and backdoor for as long as it lives. */
export function inspectable(kind: string, object: Inspectable): void {
  const entry = { kind, ref: new WeakRef(object) }
  registered.add(entry)
  gone.register(object, entry)
}

/** What is registered and still alive, in order of registration. */
export function inspected(): Inspected[] {
  const all: Inspected[] = []
  for (const { kind, ref } of registered) {
    const object = ref.deref()
    if (object !== undefined) all.push({ kind, object })
  }
  return all
}
