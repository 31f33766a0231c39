// Runs a call of a primitive twice, as the original and as an operation, each in its own fresh folder, and compares the
// outcomes field by field.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { types } from 'node:util'
import type { Parked } from '@greenhouse/scheduler'
import { expect } from 'vitest'
import { primitives } from '../../src/rt/ops/index.ts'
import type { Original } from '../../src/rt/ops/table.ts'

/** Makes the arguments, given a folder of its own. */
export type Arguments = (folder: string) => unknown[]

export interface Outcome {
  readonly value?: unknown
  readonly error?: unknown
}

export interface Same {
  readonly self?: unknown
  /** Makes of a value what is to be compared. */
  readonly view?: (value: unknown) => unknown
  /** Whether the operation is complete at once. */
  readonly atOnce?: boolean
}

/** Runs a call in both forms, demands that they came to the same, and gives it. */
export async function same(
  fn: unknown,
  makeArgs: Arguments = () => [],
  { self, view = (value) => value, atOnce: expected = false }: Same = {},
): Promise<Outcome> {
  const entry = primitives.get(fn as Original)
  if (entry === undefined) throw new Error(`${String(fn)} is no primitive`)
  const outcomes: Outcome[] = []
  for (const form of ['sync', 'start'] as const) {
    const folder = seeded()
    const args = makeArgs(folder)
    const look = (value: unknown) => plain([view(value), args], folder)
    try {
      const begun = entry.make(self, args)[form]()
      const atOnce = form === 'start' && !(begun as unknown as Parked).parked
      const value = await begun
      outcomes.push({ value: look(value) })
      // Only a wrong call may be handed to the original.
      expect(atOnce).toBe(form === 'start' && expected)
    } catch (error) {
      outcomes.push({ error: plain(error, folder) })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  expect(outcomes[1]).toEqual(outcomes[0])
  const [outcome] = outcomes
  return outcome!.error === undefined
    ? { value: (outcome!.value as unknown[])[0] }
    : { error: outcome!.error }
}

/** A folder with files of all sorts. */
export function seeded(): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenhouse-ops-'))
  mkdirSync(join(folder, 'a/b/c'), { recursive: true })
  writeFileSync(join(folder, 'a/x.txt'), 'hello')
  writeFileSync(join(folder, 'a/b/y.js'), 'module.exports = 1')
  symlinkSync('a/x.txt', join(folder, 'link'))
  return folder
}

/** A value in a form that can be compared: without the folder's name, times and numbers that differ from run to run. */
function plain(value: unknown, folder: string, seen = new Map<unknown, string>()): unknown {
  if (typeof value === 'string') return value.replaceAll(folder, '<folder>')
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null) return value
  const known = seen.get(value)
  if (known !== undefined) return known
  seen.set(value, `<seen ${seen.size}>`)
  if (types.isDate(value)) return 'a date'
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    const view = ArrayBuffer.isView(value) ? value : new Uint8Array(value)
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
    return [value.constructor.name, bytes.toString('latin1').replaceAll(folder, '<folder>')]
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, folder, seen))
  const fields: Record<string, unknown> = {}
  const errorNames = types.isNativeError(value) ? ['name', 'message'] : []
  for (const name of [...errorNames, ...Object.keys(value).sort()]) {
    if (/^(pid|ino|dev|(a|m|c|birth)time(Ms|Ns)?|bavail|bfree|ffree)$/.test(name)) continue
    fields[name] = plain((value as Record<string, unknown>)[name], folder, seen)
  }
  return { class: value.constructor?.name, ...fields }
}
