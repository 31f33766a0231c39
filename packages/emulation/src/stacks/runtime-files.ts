// Which frames of a stack are greenhouse's own.
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folders of the code that runs green programs, or its one file where it was bundled, as paths. */
const places = findPlaces()

/** Whether a script is part of what runs green programs. */
export function isRuntime(script: string): boolean {
  const path = script.startsWith('file:') ? fileURLToPath(script) : script
  return places.some((place) => path.startsWith(place))
}

function findPlaces(): string[] {
  const own = fileURLToPath(import.meta.url)
  const found = [own]
  try {
    found.push(createRequire(import.meta.url).resolve('@greenhouse/scheduler'))
  } catch {
    // Bundled with it.
  }
  return found.flatMap(placesOf)
}

/** What a file of a package stands for: its sources and what is built of them. */
function placesOf(file: string): string[] {
  const at = Math.max(file.lastIndexOf(`${sep}src${sep}`), file.lastIndexOf(`${sep}dist${sep}`))
  if (at === -1) return [file]
  const folder = file.slice(0, at + 1)
  return [`${folder}src${sep}`, `${folder}dist${sep}`]
}
