// A frame in the making. Rows are written as JSON at once and texts by number, each once a frame: most of the ten thousand
// names are the same few.

const LONGEST_TEXT = 200

/** Collects what one frame says of greenlets. */
export class FrameText {
  readonly rows: string[] = []
  readonly gone: number[] = []
  private readonly strings: string[] = []
  private readonly numbers: Map<string, number> = new Map()

  /** The number of a text in this frame. */
  number(text: string): number {
    let number = this.numbers.get(text)
    if (number === undefined) {
      number = this.strings.length
      this.strings.push(text)
      this.numbers.set(text, number)
    }
    return number
  }

  /** The members of a JSON object, without its braces. */
  json(): string {
    return `"strings":${JSON.stringify(this.strings)},"rows":[${this.rows.join(',')}],"gone":[${this.gone.join(',')}]`
  }
}

/** Names can be whole URLs. */
export function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`
}
