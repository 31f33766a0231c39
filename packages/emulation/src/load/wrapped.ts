// Bodies of modules as functions, so that they have a twin.
import type { Stretch } from '../compile/source-map.ts'

const PARAMETERS = 'exports,require,module,__filename,__dirname'

/** A text around the body of a file. */
export interface Wrapped {
  readonly text: string
  /** Where the body is in it. */
  readonly own: Stretch
}

export function wrapped(head: string, body: string, tail: string): Wrapped {
  return { text: head + body + tail, own: [head.length, head.length + body.length] }
}

/** The text of a script that hands its body to a function, with what Node has given it. */
export function wrappedScript(source: string, runner: string): Wrapped {
  const head = `${runner}(this,arguments,function(${PARAMETERS}){`
  return wrapped(head, withoutHashbang(source), '\n})')
}

export function withoutHashbang(source: string): string {
  return source.startsWith('#!') ? '//' + source.slice(2) : source
}
