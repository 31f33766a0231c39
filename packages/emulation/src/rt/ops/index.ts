// All blocking primitives.
import { atomicsPrimitives } from './atomics.ts'
import { childProcessPrimitives } from './child-process.ts'
import { cryptoPrimitives } from './crypto.ts'
import { fsPrimitives } from './fs.ts'
import type { Table } from './table.ts'
import { zlibPrimitives } from './zlib.ts'

/** Original function → how to make an operation of a call of it. */
export const primitives: Table = new Map()

fsPrimitives(primitives)
childProcessPrimitives(primitives)
zlibPrimitives(primitives)
cryptoPrimitives(primitives)
atomicsPrimitives(primitives)
