// The ownership patches: pending operations of libraries that have never heard of greenhouse belong to scopes.
export { patch, unpatch, isPatched, getOriginal } from './patch.ts'
export { patchedContext, type PatchedContextOptions } from './patched-context.ts'
export { own, type Ownable } from './own.ts'
export { disown } from './disown.ts'
export {
  diagnose,
  formatDiagnosis,
  type DiagnoseOptions,
  type Diagnosis,
} from './doctor/diagnose.ts'
export type { Finding } from './doctor/findings.ts'
