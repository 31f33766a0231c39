// The public names of @greenhouse/backdoor.

// The dashboard
export { runDashboard, type DashboardOptions } from './dashboard/dashboard.ts'
export type { DashboardRight } from './dashboard/rights.ts'
export type { TokenAuth } from './security/token.ts'
