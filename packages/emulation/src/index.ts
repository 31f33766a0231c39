// The public names of @greenhouse/emulation.

// Operations of Node and of client libraries that belong to scopes
export {
  disown,
  getOriginal,
  isPatched,
  own,
  patch,
  patchedContext,
  unpatch,
  type Ownable,
  type PatchedContextOptions,
} from './patch/index.ts'
