// A frame of a green program as it would be if the program had not been compiled.
import type { Named } from './names.ts'
import type { SourcePlace } from './scripts.ts'
import type { Shown } from './written-maps.ts'

type CallSite = NodeJS.CallSite

/** A call site in a source. It has no call site of V8 where it waits for another frame of its greenlet. */
export class UserSite implements CallSite {
  /** Where it is in the source of a compiled file; null in another, whose names are those of V8. */
  readonly place: SourcePlace | null
  readonly shown: Shown
  readonly site: CallSite | null
  /** In an await. */
  readonly waits: boolean
  private known: Named | null | undefined

  constructor(place: SourcePlace | null, shown: Shown, site: CallSite | null, waits = false) {
    this.place = place
    this.shown = shown
    this.site = site
    this.waits = waits
  }

  /** The function that it stands in. */
  get named(): Named | null {
    if (this.place === null) return null
    if (this.known === undefined) {
      const { script, line, column } = this.place
      this.known = script.nameOf(line, column)
    }
    return this.known
  }

  getFileName(): string {
    return this.shown.name
  }

  getScriptNameOrSourceURL(): string {
    return this.shown.name
  }

  getLineNumber(): number {
    return this.shown.line
  }

  getColumnNumber(): number {
    return this.shown.column
  }

  getEnclosingLineNumber(): number {
    return this.named?.line ?? 1
  }

  getEnclosingColumnNumber(): number {
    return this.named?.column ?? 1
  }

  getFunctionName(): string | null {
    if (this.place === null) return this.site?.getFunctionName() ?? null
    return this.named?.name || null
  }

  getMethodName(): string | null {
    if (this.place === null) return this.site?.getMethodName() ?? null
    return this.named?.type == null ? null : this.named.name
  }

  getTypeName(): string | null {
    if (this.place === null) return this.site?.getTypeName() ?? null
    if (this.named === null) return this.isScript() ? 'Object' : null
    return this.site?.getTypeName() ?? this.named.type
  }

  isToplevel(): boolean {
    if (this.place === null) return this.site?.isToplevel() ?? true
    if (this.named === null) return !this.isScript()
    return this.named.type === null && (this.site?.isToplevel() ?? true)
  }

  isConstructor(): boolean {
    return this.named?.isConstructor === true || this.site?.isConstructor() === true
  }

  getThis(): unknown {
    return undefined
  }

  getFunction(): undefined {
    return undefined
  }

  getEvalOrigin(): string | undefined {
    return this.site?.getEvalOrigin()
  }

  getPosition(): number {
    return this.site?.getPosition() ?? 0
  }

  getPromiseIndex(): number | null {
    return this.site?.getPromiseIndex() ?? null
  }

  getScriptHash(): string {
    return this.site?.getScriptHash() ?? ''
  }

  isAsync(): boolean {
    return this.waits || this.site?.isAsync() === true
  }

  isEval(): boolean {
    return false
  }

  isNative(): boolean {
    return false
  }

  isPromiseAll(): boolean {
    return false
  }

  toString(): string {
    const at = `${this.getFileName()}:${this.getLineNumber()}:${this.getColumnNumber()}`
    const name = this.calledName()
    const async = this.isAsync() ? 'async ' : ''
    return name === '' ? async + at : `${async}${name} (${at})`
  }

  private calledName(): string {
    const name = this.getFunctionName() ?? ''
    if (this.isConstructor()) return `new ${name || '<anonymous>'}`
    const type = this.isToplevel() ? null : this.getTypeName()
    if (type === null || type === '' || name.startsWith(type)) return name
    return `${type}.${name || '<anonymous>'}`
  }

  /** V8 calls the body of a CommonJS module a method of its exports. */
  private isScript(): boolean {
    return this.place !== null && !this.place.script.name.startsWith('file:')
  }
}
