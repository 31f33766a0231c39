// Which frames of a stack are greenhouse's own.
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folders of the code that runs green programs, as paths. */
const folders = findFolders()

/** Whether a script is part of what runs green programs. */
export function isRuntime(script: string): boolean {
  const path = script.startsWith('file:') ? fileURLToPath(script) : script
  return folders.some((folder) => path.startsWith(folder))
}

function findFolders(): string[] {
  const own = packageFolder(fileURLToPath(import.meta.url))
  const found = [own]
  try {
    found.push(packageFolder(createRequire(import.meta.url).resolve('@greenhouse/scheduler')))
  } catch {
    // Bundled with it.
  }
  return found.flatMap((folder) => [`${folder}src${sep}`, `${folder}dist${sep}`])
}

/** The folder of a package, with a separator at its end. */
function packageFolder(file: string): string {
  const at = Math.max(file.lastIndexOf(`${sep}src${sep}`), file.lastIndexOf(`${sep}dist${sep}`))
  return file.slice(0, at + 1)
}
