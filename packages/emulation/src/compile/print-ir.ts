// The two printers of the IR. The hot body runs plainly and leaves by one epilogue when a call is suspended. The cold body is
// the same text with guards: entered with the number of the call that was suspended, it skips what came before.
//
// Names (after the prefix): H the label around a body, K the call at which it leaves, P the call at which the cold body enters
// (0 once it is there), V and X the value and whether it is an error, J the marker that leads back into a catch clause.
import { rangeOf, rangeOfAll, type Case, type Item, type Items } from './ir.ts'
import { text, type Text } from './text.ts'

type Try = Extract<Item, { kind: 'try' }>
type Switch = Extract<Item, { kind: 'switch' }>

export class IrPrinter {
  readonly p: string
  readonly suspend: string
  readonly jump: string
  readonly caught: string

  constructor(prefix: string, suspend: string, jump: string, caught: string) {
    this.p = prefix
    this.suspend = suspend
    this.jump = jump
    this.caught = caught
  }

  hot(items: Items): Text {
    return items.map((item) => this.hotItem(item))
  }

  hotItem(item: Item): Text {
    const { p } = this
    switch (item.kind) {
      case 'code':
        return item.code
      case 'call':
        return text`if((${item.into}=${item.code})===${this.suspend}){${p}K=${String(item.k)};break ${p}H}`
      case 'if':
        return text`if(${item.test}){${this.hot(item.yes)}}${item.no === null ? '' : text`else{${this.hot(item.no)}}`}`
      case 'block':
        return text`{${this.hot(item.body)}}`
      case 'label':
        return text`${item.name}:{${this.hot(item.body)}}`
      case 'loop':
        return text`${labels(item.labels)}for(;${item.test};${item.update}){${this.hot(item.body)}}`
      case 'do':
        return text`${labels(item.labels)}do{${this.hot(item.body)}${ended(item.update)}}while(${item.test});`
      case 'each':
        return text`${labels(item.labels)}for(${item.head}){${this.hot(item.body)}}`
      case 'switch':
        return text`${labels(item.labels)}switch(${item.on}){${item.cases.map((one) => [caseHead(one), this.hot(one.body)])}}`
      case 'try':
        return this.hotTry(item)
    }
  }

  hotTry(item: Try): Text {
    const { p } = this
    const handler =
      item.handler === null
        ? ''
        : text`catch(${p}Q){${item.caught}=${this.caught}(${p}Q);${this.hot(item.handler)}}`
    if (item.last === null) return text`try{${this.hot(item.body)}}${handler}`
    const last = this.hot(item.last)
    // A suspended body is left, not finished.
    const guarded = rangeOf(item).last > 0 ? text`if(${p}K===0){${last}}` : last
    return text`try{${this.hot(item.body)}}${handler}finally{${guarded}}`
  }

  /** `isTop`: what stands before the first call of the whole body is never run again, and left out. */
  cold(items: Items, isTop = false): Text {
    const { p } = this
    let lastWithCalls = -1
    items.forEach((item, index) => {
      if (rangeOf(item).last > 0) lastWithCalls = index
    })
    const parts: Text[] = []
    let skipped: Text[] = []
    items.forEach((item, index) => {
      const { last } = rangeOf(item)
      if (last === 0) {
        if (index > lastWithCalls) parts.push(this.hotItem(item))
        else skipped.push(this.hotItem(item))
        return
      }
      if (skipped.length > 0 && (parts.length > 0 || !isTop)) {
        parts.push(text`if(${p}P===0){${skipped}}`)
      }
      skipped = []
      const printed = this.coldItem(item)
      const guards = index < lastWithCalls && item.kind !== 'call'
      parts.push(guards ? text`if(${p}P<=${String(last)}){${printed}}` : printed)
    })
    return parts
  }

  coldItem(item: Item): Text {
    const { p } = this
    if (rangeOf(item).last === 0) return this.hotItem(item)
    switch (item.kind) {
      case 'call': {
        const again = text`if((${item.into}=${item.code})===${this.suspend}){${p}K=${String(item.k)};break ${p}H}`
        return text`if(${p}P===0){${again}}else if(${p}P===${String(item.k)}){${p}P=0;if(${p}X)throw ${p}V;${item.into}=${p}V}`
      }
      case 'if':
        return text`if(${this.coldTest(item)}){${this.cold(item.yes)}}${item.no === null ? '' : text`else{${this.cold(item.no)}}`}`
      case 'block':
        return text`{${this.cold(item.body)}}`
      case 'label':
        return text`${item.name}:{${this.cold(item.body)}}`
      case 'loop': {
        const test = item.test === '' ? '' : text`${p}P!==0||(${item.test})`
        return text`${labels(item.labels)}for(;${test};${item.update}){${this.cold(item.body)}}`
      }
      case 'do':
        return text`${labels(item.labels)}do{${this.cold(item.body)}${ended(item.update)}}while(${item.test});`
      case 'switch':
        return text`${labels(item.labels)}switch(${item.on}){${item.cases.map((one, index) => [caseHead(one), this.coldCase(item, index)])}}`
      case 'try':
        return this.coldTry(item)
      default:
        throw new Error(`A call in ${item.kind}`)
    }
  }

  coldTest(item: Extract<Item, { kind: 'if' }>): Text {
    const { p } = this
    const yes = rangeOfAll(item.yes).last
    const no = rangeOfAll(item.no).last
    if (yes > 0 && no > 0) return text`${p}P===0?${item.test}:${p}P<=${String(yes)}`
    return yes > 0 ? text`${p}P!==0||(${item.test})` : text`${p}P===0&&(${item.test})`
  }

  /** A case may be entered only to fall through to the one where the call is. */
  coldCase(item: Switch, index: number): Text {
    const { body } = item.cases[index]!
    const later = item.cases.slice(index + 1).some((one) => rangeOfAll(one.body).last > 0)
    if (!later) return this.cold(body)
    const { last } = rangeOfAll(body)
    if (last === 0) return text`if(${this.p}P===0){${this.hot(body)}}`
    return text`if(${this.p}P<=${String(last)}){${this.cold(body)}}`
  }

  coldTry(item: Try): Text {
    const { p } = this
    const { first, last } = rangeOfAll(item.handler)
    const enter =
      last > 0 ? text`if(${p}P>=${String(first)}&&${p}P<=${String(last)})throw ${this.jump};` : ''
    const handler =
      item.handler === null
        ? ''
        : text`catch(${p}Q){if(${p}Q!==${this.jump})${item.caught}=${this.caught}(${p}Q);${this.cold(item.handler)}}`
    const end = item.last === null ? '' : text`finally{if(${p}K===0){${this.hot(item.last)}}}`
    return text`try{${enter}${this.cold(item.body)}}${handler}${end}`
  }
}

function labels(names: readonly string[]): string {
  return names.map((name) => name + ':').join('')
}

function ended(update: Text): Text {
  return update === '' ? '' : [update, ';']
}

function caseHead(one: Case): Text {
  return one.test === null ? 'default:' : text`case ${one.test}:`
}
