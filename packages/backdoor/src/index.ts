// The public names of @greenhouse/backdoor.

// The backdoor
export { runBackdoor } from './backdoor.ts'
export { backdoorHandler } from './handler.ts'
export type { BackdoorOptions, BackdoorSessionOptions } from './options.ts'

// The dashboard
export { runDashboard, type DashboardOptions } from './dashboard/dashboard.ts'

// Who may do what
export type { Permission } from './security/permissions.ts'
export type { TokenAuth } from './security/token.ts'
