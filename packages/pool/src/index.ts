// The public names of @greenhouse/pool.

// Pools
export { OneWayPool, type PoolStatistics } from './one-way-pool.ts'
export { Pool, type ResultStatistics } from './pool.ts'
export { OrderedPool } from './ordered-pool.ts'

// Mapping
export { map, mapUnordered } from './map.ts'
export type { Mapped } from './mapped.ts'
export type { Items } from './source.ts'

// Options
export type { ConcurrencyOptions, PoolOptions } from './options.ts'
export { VERSION } from './version.ts'
