// A report of emulation in words.
import { relative } from 'node:path'
import type { EmulationReport } from '@greenhouse/emulation'

/** The report as a text of lines. */
export function explained({ files, suspended, inline, blocked }: EmulationReport): string {
  const compiled = files.filter((file) => file.compiled)
  const plain = files.filter((file) => !file.compiled)
  const untwinned = compiled.flatMap(({ file, functions }) =>
    functions.map(({ name, reason, line }) => ({ file, name, reason, line })),
  )
  return [
    `${compiled.length} files were compiled.`,
    ...list('Run as they are:', plain, ({ file, reason }) => `${short(file)}: ${reason}`),
    ...list('Suspended their greenlets:', Object.entries(suspended), counted),
    ...list('So cheap that they were done at once:', Object.entries(inline), counted),
    ...list('Really blocked:', blocked, ({ kind, reason, site, count, ms }) => {
      return `${kind} at ${short(site)}, ${count} times, ${ms.toFixed(1)} ms: ${reason}`
    }),
    ...list('Functions that cannot be suspended:', untwinned, ({ file, name, reason, line }) => {
      return `${name === '' ? 'a function' : name} at ${short(file)}:${line}: ${reason}`
    }),
    '',
  ].join('\n')
}

function list<T>(title: string, items: readonly T[], text: (item: T) => string): string[] {
  return items.length === 0 ? [] : [title, ...items.map((item) => `  ${text(item)}`)]
}

function counted([kind, count]: readonly [string, number]): string {
  return `${kind}: ${count} times`
}

function short(path: string): string {
  const near = relative(process.cwd(), path.replace(/^file:\/\//, ''))
  return near.startsWith('..') ? path : near
}
