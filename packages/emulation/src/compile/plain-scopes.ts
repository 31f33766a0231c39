// What a scope of a plain twin begins with, and how what it declares is held.
import { childrenOf, type Node } from './node.ts'
import type { Body, Printer } from './printer.ts'
import type { Scope, Variable } from './scope.ts'
import { text, type Text } from './text.ts'

/** The statements at the entry of a block: its environment, and its functions. */
export function enterScope(scope: Scope, printer: Printer, body: Body): Text[] {
  const out: Text[] = []
  const variables = [...scope.variables.values()]
  const fresh = (variable: Variable): string =>
    variable.readEarly ? printer.helper('D') : 'void 0'
  if (scope.environment !== null) {
    const fields = variables.filter((one) => one.captured).map((one) => `${one.name}:${fresh(one)}`)
    out.push(`${scope.environment}={${fields.join(',')}};`)
  }
  for (const one of variables) {
    if (!one.captured && one.readEarly) out.push(`${one.output}=${fresh(one)};`)
  }
  for (const declaration of scope.functions) {
    const { output } = scope.variables.get(declaration['id'].name)!
    out.push(text`${output}=${printer.parts.block(declaration, body, printer)};`)
  }
  return out
}

/** The variables that a body declares at its head. */
export interface Held {
  /** Saved when the body is suspended. */
  readonly saved: readonly string[]
  /** Shared with the functions inside, and so with the cold body. */
  readonly native: readonly string[]
  /** Parameters that are saved. */
  readonly parameters: readonly string[]
}

export function heldBy(body: Body, printer: Printer): Held {
  const { facts } = body
  const saved: string[] = []
  const native: string[] = []
  const parameters: string[] = []
  for (const scope of facts.scopes) {
    if (scope.kind === 'class') continue
    if (scope.environment !== null) saved.push(scope.environment)
    for (const one of scope.variables.values()) {
      if (scope.kind !== 'function') {
        if (!one.captured) saved.push(one.output)
        continue
      }
      if (one.kind === 'function') continue
      const isParameter = one.kind === 'parameter'
      // Parameters that `arguments` may stand for stay what they are.
      if (one.captured || (isParameter && facts.usesArguments)) {
        if (!isParameter)
          native.push(one.readEarly ? `${one.output}=${printer.helper('D')}` : one.output)
      } else if (isParameter) parameters.push(one.output)
      else saved.push(one.readEarly ? `${one.output}=${printer.helper('D')}` : one.output)
    }
  }
  return { saved, native, parameters }
}

/** The names of environments that a function, created in this body, must be handed. */
export function environmentsOf(node: Node, body: Body, printer: Printer): string[] {
  const { analysis } = printer
  const found = new Set<string>()
  const facts = analysis.facts.get(node)
  if (facts !== undefined) {
    for (const { scope } of facts.free) {
      if (scope.owner === body.facts && scope.environment !== null) found.add(scope.environment)
    }
    return [...found]
  }
  const look = (at: Node): void => {
    const variable = analysis.references.get(at)
    if (variable?.captured && variable.scope.owner === body.facts) {
      const { environment } = variable.scope
      if (environment !== null) found.add(environment)
    }
    for (const child of childrenOf(at)) look(child)
  }
  look(node)
  return [...found]
}
