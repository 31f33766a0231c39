import type { Blocking } from '@greenhouse/scheduler'
import { expectTypeOf, it } from 'vitest'
import { green, patched, type Green } from '../src/index.ts'

interface Library {
  read(path: string): Buffer
  read(path: string, encoding: 'utf8'): string
  size: number
  list: string[]
  nested: { deep(): number }
  Box: typeof Box
  template(): (text: string) => string
}

declare class Box {
  constructor(value: number)
  value: number
  open(how: string): Date
  next(): Box
  static make(): Box
}

it('gives Blockings of what functions and methods give', () => {
  expectTypeOf(patched<Library>('x')).resolves.toEqualTypeOf<Green<Library>>()
  const lib = {} as Green<Library>
  expectTypeOf(lib.read('x')).toEqualTypeOf<Blocking<Buffer>>()
  expectTypeOf(lib.read('x', 'utf8')).toEqualTypeOf<Blocking<string>>()
  expectTypeOf(lib.size).toEqualTypeOf<number>()
  expectTypeOf(lib.list).toEqualTypeOf<string[]>()
  expectTypeOf(lib.nested.deep()).toEqualTypeOf<Blocking<number>>()
  const box = new lib.Box(1)
  expectTypeOf(box.value).toEqualTypeOf<number>()
  expectTypeOf(box.open('x')).toEqualTypeOf<Blocking<Date>>()
  expectTypeOf(box.next()).resolves.toHaveProperty('open')
  expectTypeOf(lib.Box.make()).resolves.toHaveProperty('value')
  expectTypeOf(lib.template()).resolves.returns.toEqualTypeOf<Blocking<string>>()
})

it('keeps the arguments of a function of one’s own', () => {
  const fn = green((path: string, size?: number) => path.length + (size ?? 0))
  expectTypeOf(fn).toEqualTypeOf<(path: string, size?: number) => Blocking<number>>()
})
