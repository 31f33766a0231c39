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
