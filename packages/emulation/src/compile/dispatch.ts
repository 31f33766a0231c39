// The text of a call by the twin of what is called, in a plain twin. It stands here only.
import { FUNCTIONS } from './features.ts'
import type { Lowering } from './lowering.ts'
import { calleeName } from './names.ts'
import type { Node } from './node.ts'
import { isSlice, join, mark, type Text, text } from './text.ts'

/** Arguments that are longer are not written twice. */
const LONG = 60

export class Dispatch {
  readonly low: Lowering
  /** Temporaries for the function and for its twin. */
  readonly f: string
  readonly g: string

  constructor(low: Lowering) {
    this.low = low
    this.f = low.printer.prefix + 'f'
    this.g = low.printer.prefix + 'g'
  }

  /** The call itself: by the twin where there is one. */
  call(callee: Node, fn: Text, self: string | null, args: readonly Text[], node: Node): Text {
    const { low, f, g } = this
    const name = JSON.stringify(calleeName(callee))
    const list = join(args, ',')
    const at = low.position(node)
    if (node['arguments'].some((one: Node) => one.type === 'SpreadElement')) {
      return text`${mark(low.helper('c'), at)}(${join([name, self ?? 'void 0', fn, ...args], ',')})`
    }
    const green = low.helper('GR')
    if (self === null) {
      const simple = this.simpleName(callee, fn)
      if (simple !== null && this.isShort(node)) {
        return text`(${g}=${simple}?.[${green}])!==void 0&&${g}.o===${simple}?${mark(g, at)}(${list}):${this.again(simple, at)}(${list})`
      }
      return text`((${g}=(${f}=${fn})?.[${green}])!==void 0&&${g}.o===${f}?${g}:typeof ${f}==="function"?${f}:${low.helper('bad')}(${f},${name}))${mark('(', at)}${list})`
    }
    const rest = args.length === 0 ? '' : [',', list]
    return text`((${g}=(${f}=${fn})?.[${green}])!==void 0&&${g}.o===${f}?${g}:typeof ${f}==="function"&&${f}.call===${low.helper('FC')}?${f}:${low.helper('bad')}(${f},${name})).${mark('call', at)}(${self}${rest})`
  }

  /** A callee that can be written several times, and that V8 names itself. */
  simpleName(callee: Node, fn: Text): Text | null {
    if (callee.type !== 'Identifier' || this.low.printer.early.has(callee)) return null
    if (typeof fn === 'string')
      return fn === this.low.printer.prefix || fn.includes('.') ? null : fn
    return isSlice(fn) ? fn : null
  }

  /** The name of a callee as a mark. */
  again(name: Text, at: number): Text {
    if (typeof name === 'string') return mark(name, at)
    return isSlice(name) ? mark(this.low.printer.source.slice(name.start, name.end), at) : name
  }

  isShort(node: Node): boolean {
    const args: readonly Node[] = node['arguments']
    if (args.length === 0) return true
    return (
      args.at(-1)!.end - args[0]!.start < LONG &&
      !args.some((one) => this.low.printer.has(one, FUNCTIONS) || this.low.blocks(one))
    )
  }

  /** `fn.call(self, …)`. */
  callOfCall(callee: Node, fn: Text, args: readonly Text[], at: number): Text {
    const { low, f, g } = this
    const own = text`((${g}=${fn}[${low.helper('GR')}])!==void 0&&${g}.o===${fn}?${g}:${fn}).${mark('call', at)}(${join(args, ',')})`
    const name = JSON.stringify(calleeName(callee))
    const other = text`${mark(low.helper('c'), at)}(${join([name, fn, f, ...args], ',')})`
    return text`(${f}=${fn}.call)===${low.helper('FC')}?${own}:${other}`
  }

  /** `new fn(list)`; `slow` is what to do where neither the twin nor the function itself is ready for it. */
  new(fn: Text, list: Text, slow: Text, at: number): Text {
    const { low, f, g } = this
    const isReady = text`(${g}=(${f}=${fn})?.[${low.helper('GR')}])!==void 0&&${g}.o===${f}&&${g}.p!==void 0&&${g}.p===${f}.prototype`
    const plain = text`${g}===void 0&&typeof ${f}==="function"&&${f}.prototype?${mark('new', at)} ${f}(${list})`
    return text`${isReady}?${low.helper('nf')}(${mark('new', at)} ${g}(${list})):${plain}:${slow}`
  }
}
