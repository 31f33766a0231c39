// The public names of @greenhouse/emulation.

// Operations of Node and of client libraries that belong to scopes
export {
  diagnose,
  disown,
  formatDiagnosis,
  getOriginal,
  isPatched,
  own,
  patch,
  patchedContext,
  unpatch,
  type DiagnoseOptions,
  type Diagnosis,
  type Finding,
  type Ownable,
  type PatchedContextOptions,
} from './patch/index.ts'

// Libraries that were written to block
export { patched, type PatchedOptions } from './facade/patched.ts'
export { green } from './facade/own.ts'
export type { Green } from './facade/green.ts'
export type { Patterns } from './load/choice.ts'

// Programs that were written to block
export { compileProgram, type ProgramOptions } from './program/compile.ts'

// What happened
export { emulationReport, type EmulationReport, type FileReport } from './report.ts'
export type { BlockedPlace } from './blocked/account.ts'
export type { BlockCategory } from './blocked/causes.ts'
export type { Untwinned } from './compile/index.ts'
