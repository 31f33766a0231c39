// The signals that this process gets, handed to all who listen in blocking style: one listener of Node for each signal,
// there only while somebody wants it, so that the signal has its default action at all other times.
import { AsyncResource } from 'node:async_hooks'
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { GreenhouseError } from '@greenhouse/scheduler'
import { wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** Called with the name of each signal. */
export type SignalListener = (name: NodeJS.Signals) => void

const listeners = new Map<NodeJS.Signals, Set<SignalListener>>()
/** Node's listeners serve all, and must not depend on which greenlet asks first. */
const outside = new AsyncResource('greenhouse.signals', { requireManualDestroy: true })

/**
 * Listens to signals.
 *
 * @returns a function that stops it.
 * @throws Node's own error for signals that cannot be caught (EINVAL).
 */
export function listenTo(names: readonly NodeJS.Signals[], listener: SignalListener): () => void {
  const stop = (): void => {
    for (const name of names) leave(name, listener)
  }
  try {
    for (const name of names) enter(name, listener)
  } catch (error) {
    stop()
    throw error
  }
  return stop
}

/** Demands one or more names of signals, and gives them without repetition. */
export function checkSignals(names: readonly unknown[]): NodeJS.Signals[] {
  if (names.length === 0) wrongValue('signals', 'at least one signal', names)
  for (const name of names) {
    const expected = 'the name of a signal, "SIGHUP" for example'
    if (typeof name !== 'string') wrongType('signal', expected, name)
    if (!Object.hasOwn(constants.signals, name)) wrongValue('signal', expected, name)
  }
  if (!isMainThread) {
    throw new GreenhouseError('GH_UNSUPPORTED', 'Node gives no signals to worker threads')
  }
  return [...new Set(names as NodeJS.Signals[])]
}

function enter(name: NodeJS.Signals, listener: SignalListener): void {
  const known = listeners.get(name)
  if (known !== undefined) {
    known.add(listener)
    return
  }
  outside.runInAsyncScope(() => process.on(name, onSignal))
  listeners.set(name, new Set([listener]))
}

function leave(name: NodeJS.Signals, listener: SignalListener): void {
  const known = listeners.get(name)
  if (known === undefined || !known.delete(listener) || known.size > 0) return
  listeners.delete(name)
  process.off(name, onSignal)
}

function onSignal(name: NodeJS.Signals): void {
  // Those who come meanwhile wait for the next one.
  for (const listener of [...(listeners.get(name) ?? [])]) listener(name)
}
