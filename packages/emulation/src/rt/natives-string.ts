// String.prototype.replace and replaceAll with a function: the builtin finds all matches before it calls the function at all.
import { attachTwin, Frame, link, SUSPEND, twinOf, type Callable, type Twin } from './convention.ts'

export function installStringTwins(): void {
  const prototype = String.prototype as unknown as Record<string, Callable>
  for (const name of ['replace', 'replaceAll']) {
    const original = prototype[name]!
    attachTwin(original, function (pattern: unknown, replacement: unknown) {
      const twin = twinOf(replacement)
      const isKnown = typeof pattern === 'string' || isPlainPattern(pattern)
      if (twin === undefined || typeof this !== 'string' || !isKnown) {
        return Reflect.apply(original, this, [pattern, replacement])
      }
      const matches: unknown[][] = []
      Reflect.apply(original, this, [
        pattern,
        (...match: unknown[]) => {
          matches.push(match)
          return ''
        },
      ])
      return new Replacing(this, matches, twin).go()
    })
  }
}

const patterns = RegExp.prototype as unknown as Record<string | symbol, unknown>
const exec = patterns['exec']
const replaceSymbol = patterns[Symbol.replace]

function isPlainPattern(value: unknown): value is RegExp {
  return value instanceof RegExp && value.exec === exec && value[Symbol.replace] === replaceSymbol
}

class Replacing extends Frame {
  readonly subject: string
  readonly matches: readonly unknown[][]
  readonly twin: Twin
  at = 0
  end = 0
  made = ''

  constructor(subject: string, matches: readonly unknown[][], twin: Twin) {
    super()
    this.subject = subject
    this.matches = matches
    this.twin = twin
  }

  go(): unknown {
    for (; this.at < this.matches.length; this.at++) {
      const value = Reflect.apply(this.twin, undefined, this.matches[this.at]!)
      if (value === SUSPEND) return link(this)
      this.take(value)
    }
    return this.made + this.subject.slice(this.end)
  }

  take(value: unknown): void {
    const match = this.matches[this.at]!
    const matched = match[0] as string
    // The offset is the last number: behind it stand the subject and perhaps the groups.
    const offset = match[typeof match.at(-1) === 'object' ? match.length - 3 : match.length - 2]
    this.made += this.subject.slice(this.end, offset as number) + String(value)
    this.end = (offset as number) + matched.length
  }

  resume(value: unknown, isError: boolean): unknown {
    if (isError) throw value
    this.take(value)
    this.at++
    return this.go()
  }
}
