// Libraries into which several greenlets may go at once: they keep nothing between calls that a wait could catch half done, and
// the corpus runs each of them in 20 greenlets at once with the results of 20 runs one after another.

const NAMES = new Set(
  (
    'cross-spawn execa fast-glob find-up fs-extra glob globby graceful-fs ini js-yaml jsonfile klaw-sync mkdirp mustache ' +
    'resolve rimraf walk-sync'
  ).split(' '),
)

/** Whether a library may be entered by several greenlets at once without its user's word. */
export function isConcurrent(name: string): boolean {
  return NAMES.has(name)
}
