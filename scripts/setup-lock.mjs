// One set-up at a time: a folder that exists while one is under way, with the id of its process in it. Uses only Node
// built-ins.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A lock without an id is that old only when its process was killed before it could write one. */
const NAMELESS_MS = 5000
const RETRY_MS = 300

/**
 * Runs `body` while `folder` exists; waits for another process that has it, and takes it over from one that is gone.
 * `onWait` is called once when there is something to wait for.
 */
export async function withLock(folder, body, onWait = () => {}) {
  for (let first = true; !take(folder); first = false) {
    if (first) onWait()
    await sleep(RETRY_MS)
  }
  try {
    return await body()
  } finally {
    release(folder)
  }
}

/** Gives the lock up, where the process ends before `body` does. */
export function release(folder) {
  rmSync(folder, { recursive: true, force: true })
}

function take(folder) {
  try {
    mkdirSync(folder)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isStale(folder)) return false
    // Only one of several that find it stale can move it away.
    const aside = `${folder}.stale-${process.pid}`
    try {
      renameSync(folder, aside)
    } catch {
      return false
    }
    release(aside)
    return take(folder)
  }
  writeFileSync(join(folder, 'pid'), String(process.pid))
  return true
}

function isStale(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    if (pid > 0) return !isAlive(pid)
  } catch {}
  try {
    return Date.now() - statSync(folder).mtimeMs > NAMELESS_MS
  } catch {
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
