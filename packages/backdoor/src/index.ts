// The public names of @greenhouse/backdoor.

// The dashboard
export { runDashboard, type DashboardOptions } from './dashboard/dashboard.ts'
export type { DashboardRight } from './dashboard/rights.ts'
// The backdoor
export { backdoorHandler } from './handler.ts'
export type { BackdoorSessionOptions } from './options.ts'

// Who may do what
export type { Permission } from './security/permissions.ts'
export type { TokenAuth } from './security/token.ts'
