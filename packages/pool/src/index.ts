// The public names of @greenhouse/pool.

// Pools
export { OneWayPool } from './one-way-pool.ts'
export { Pool } from './pool.ts'
export { OrderedPool } from './ordered-pool.ts'
export type { PoolStatistics, ResultStatistics } from './statistics.ts'

// Mapping
export { map, mapUnordered } from './map.ts'
export type { Mapped } from './mapped.ts'
export type { Items } from './source.ts'

// Options
export type { ConcurrencyOptions, PoolOptions } from './options.ts'
