/** The version of this package, kept equal to its package.json by the release script. */
export const VERSION: string = '1.0.0'
