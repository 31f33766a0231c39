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

// The clients
export { connectBackdoor, type ConnectBackdoorOptions } from './client/connect.ts'
export { runBackdoorTerminal, type BackdoorTerminalOptions } from './client/terminal.ts'
export { readStuckLine } from './client/stuck.ts'
export { runTop, type TopOptions } from './top/run-top.ts'
export type { TopOrder } from './top/render.ts'
