// Functions of Node that take a callback, in a program run green: the callback starts a greenlet.
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import dns from 'node:dns'
import fs from 'node:fs'
import Module from 'node:module'
import zlib from 'node:zlib'
import { call } from '../rt/call.ts'
import { twinOf, type Callable } from '../rt/index.ts'
import { crash, isRoot, startRoot } from '../rt/root.ts'
import { replace } from './replace.ts'

type Holder = Record<string, unknown>

const timers = process.getBuiltinModule('timers') as unknown as Holder

/** Makes the callbacks that Node calls start greenlets, for the whole process. */
export function patchCallbacks(): void {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) {
    const patched = takeFirst(globalThis as unknown as Holder, name)
    if (name in timers) timers[name] = patched
  }
  takeFirst(process as unknown as Holder, 'nextTick')
  for (const holder of [fs, zlib, crypto] as unknown as Holder[]) {
    for (const name of Object.keys(holder)) if (`${name}Sync` in holder) takeLast(holder, name)
  }
  for (const name of Object.keys(dns)) {
    if (/^(lookup|resolve|reverse)/.test(name)) takeLast(dns as unknown as Holder, name)
  }
  for (const name of ['exec', 'execFile']) takeLast(childProcess as unknown as Holder, name)
  for (const name of ['randomBytes', 'randomInt', 'sign', 'verify']) {
    takeLast(crypto as unknown as Holder, name)
  }
  for (const name of ['then', 'catch', 'finally']) patchPromise(name)
  Module.syncBuiltinESMExports()
}

/** A callback that starts a greenlet; what it gives is a promise where it waits. */
function rooted(callback: unknown, isPromised = false): unknown {
  if (typeof callback !== 'function' || twinOf(callback) === undefined) return callback
  return function (this: unknown, ...args: unknown[]): unknown {
    if (!isRoot()) return Reflect.apply(callback as Callable, this, args)
    const outcome = startRoot(callback.name || 'callback', () =>
      call('callback', this, callback, ...args),
    )
    if ('value' in outcome) return outcome.value
    if (isPromised) return outcome.promise
    outcome.promise.catch(crash)
    return undefined
  }
}

function takeFirst(holder: Holder, name: string): unknown {
  return patch(holder, name, (args) => [rooted(args[0]), ...args.slice(1)])
}

function takeLast(holder: Holder, name: string): void {
  patch(holder, name, (args) =>
    typeof args.at(-1) === 'function' ? [...args.slice(0, -1), rooted(args.at(-1))] : args,
  )
}

function patchPromise(name: string): void {
  patch(Promise.prototype as unknown as Holder, name, (args) =>
    args.map((handler) => rooted(handler, true)),
  )
}

/** Changes the arguments of a function's calls. */
function patch(holder: Holder, name: string, change: (args: unknown[]) => unknown[]): unknown {
  return replace(holder, name, (original) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(original, this, change(args))
    }
  })
}
