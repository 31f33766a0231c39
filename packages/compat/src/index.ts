// The public names of @greenhouse/compat: everything, flat, and as one object by default.
import * as greenhouse from './everything.ts'

export * from './everything.ts'
export { greenhouse as default }
