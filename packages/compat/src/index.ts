// The public names of @greenhouse/compat: everything, flat, and as one object by default. A plain union, since no two
// packages export one name (a test sees to that).
import * as backdoor from '@greenhouse/backdoor'
import * as emulation from '@greenhouse/emulation'
import * as io from '@greenhouse/io'
import * as pool from '@greenhouse/pool'
import * as scheduler from '@greenhouse/scheduler'
import * as util from '@greenhouse/util'
import * as own from './own.ts'

export * from '@greenhouse/scheduler'
export * from '@greenhouse/util'
export * from '@greenhouse/io'
export * from '@greenhouse/pool'
export * from '@greenhouse/emulation'
export * from '@greenhouse/backdoor'
export * from './own.ts'

type Flat = typeof scheduler &
  typeof util &
  typeof io &
  typeof pool &
  typeof emulation &
  typeof backdoor &
  typeof own

const greenhouse: Flat = {
  ...scheduler,
  ...util,
  ...io,
  ...pool,
  ...emulation,
  ...backdoor,
  ...own,
}

export default greenhouse
