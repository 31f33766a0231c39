// No child outlives this process where that can be helped. Children in groups of their own get no Ctrl-C from the terminal, so
// the signals that end this process are passed on to them, and `process.exit` and uncaught errors end them too. Nothing can be
// done about a SIGKILL.
import { AsyncResource } from 'node:async_hooks'

/** What must not be left alone. */
export interface Ward {
  readonly ownGroup: boolean
  /** Whether it was asked to end before. */
  readonly ending: boolean
  signalAll(signal: NodeJS.Signals): boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const wards = new Set<Ward>()
let listening = false
/** Whose listeners these are must not depend on which greenlet starts the first child. */
const outside = new AsyncResource('greenhouse.children', { requireManualDestroy: true })

/** Looks after a child from now on. */
export function lookAfter(ward: Ward): void {
  wards.add(ward)
  listen()
}

/** The child is gone. */
export function letGo(ward: Ward): void {
  wards.delete(ward)
  if (wards.size > 0) return
  process.off('exit', atExit)
  unlisten()
}

function listen(): void {
  if (listening) return
  listening = true
  outside.runInAsyncScope(() => {
    if (!process.listeners('exit').includes(atExit)) process.on('exit', atExit)
    // First in line: it leaves before others look whether they are alone, as libraries do that end the process.
    for (const signal of SIGNALS) process.prependListener(signal, atSignal)
  })
}

function unlisten(): void {
  listening = false
  for (const signal of SIGNALS) process.off(signal, atSignal)
}

function atExit(): void {
  for (const ward of wards) ward.signalAll(ward.ending ? 'SIGKILL' : 'SIGTERM')
}

function atSignal(signal: NodeJS.Signals): void {
  unlisten()
  if (process.listenerCount(signal) > 0) {
    // Somebody else decides what the signal means; should this process live on, so does the watch.
    setImmediate(() => {
      if (wards.size > 0) listen()
    }).unref()
    return
  }
  for (const ward of wards) {
    if (ward.ending) ward.signalAll('SIGKILL')
    else if (ward.ownGroup) ward.signalAll(signal)
  }
  // Nobody listens any more: the signal does what it does by default.
  process.kill(process.pid, signal)
}
