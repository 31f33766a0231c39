// The meta-package: everything of @greenhouse/compat, its default included.
export * from '@greenhouse/compat'
export { default } from '@greenhouse/compat'
