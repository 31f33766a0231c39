// The public names of @greenhouse/backdoor.

// The backdoor
export { backdoorHandler } from './handler.ts'
export type { BackdoorSessionOptions } from './options.ts'

// Who may do what
export type { Permission } from './security/permissions.ts'
export type { TokenAuth } from './security/token.ts'
