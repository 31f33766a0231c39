// Code that is not green calls the primitives of Node themselves. In a program run green such calls are counted, too.
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import zlib from 'node:zlib'
import { blocked } from '../blocked/account.ts'
import { context } from '../blocked/context.ts'
import { state, type Callable } from '../rt/convention.ts'
import { primitives } from '../rt/ops/index.ts'
import { replace } from './replace.ts'

/** Counts the calls of what always blocks, for the whole process. */
export function countBlocking(): void {
  context.countsAll = true
  for (const holder of [fs, childProcess, zlib, crypto, Atomics] as unknown as object[]) {
    for (const name of Object.keys(Object.getOwnPropertyDescriptors(holder))) {
      if (/Sync$|^wait$/.test(name)) count(holder, name)
    }
  }
}

function count(holder: object, name: string): void {
  replace(holder, name, (original) => {
    const entry = primitives.get(original as never)
    if (entry === undefined) return null
    return function (this: unknown, ...args: unknown[]): unknown {
      const since = performance.now()
      try {
        return Reflect.apply(original as Callable, this, args)
      } finally {
        blocked(entry.kind, performance.now() - since, state.running > 0)
      }
    }
  })
}
