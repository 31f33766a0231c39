/** The version of `@greenhouse/pool`. */
export const VERSION: string = '1.0.0'
