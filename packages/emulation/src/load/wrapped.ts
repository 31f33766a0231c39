// Bodies of modules as functions, so that they have a twin.

const PARAMETERS = 'exports,require,module,__filename,__dirname'

/** A text, and how many characters stand before what is the file's. */
export interface Wrapped {
  readonly text: string
  readonly ahead: number
}

export function wrapped(before: string, text: string, after: string): Wrapped {
  return { text: `${before}${text}\n${after}`, ahead: before.length }
}

/** The text of a script that hands its body to a function, with what Node has given it. */
export function wrappedScript(source: string, runner: string): Wrapped {
  const before = `${runner}(this,arguments,function(${PARAMETERS}){`
  return wrapped(before, withoutHashbang(source), '})')
}

export function withoutHashbang(source: string): string {
  return source.startsWith('#!') ? '//' + source.slice(2) : source
}
