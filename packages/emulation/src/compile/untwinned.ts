// Which functions get no twin, and why. What they call really blocks, and is counted.
import { OWN_WORDS } from './features.ts'
import type { Body, Printer } from './printer.ts'
import { OWN } from './printer.ts'
import type { FunctionFacts } from './scope.ts'

export function whyUntwinned(facts: FunctionFacts, outer: Body, printer: Printer): string | null {
  if (facts.dynamic) return 'direct eval or with'
  if (facts.usesCallee) return 'arguments.callee'
  if (facts.yieldName && !facts.strict) return 'yield as a name'
  if (facts.self !== null && facts.self.assigned > 0) return 'assigns its own name'
  if (facts.role === 'accessor') return 'getter or setter'
  if (facts.role === 'arrow') return whyArrow(facts, outer, printer)
  return null
}

/** An arrow's twin has `this` and its like by the aliases of the function around it. */
function whyArrow(facts: FunctionFacts, outer: Body, printer: Printer): string | null {
  if (facts.usesSuper && outer.home === null) return 'super in an arrow of plain code'
  if (facts.inParameters && printer.has(facts.node, OWN_WORDS)) return 'this in parameters'
  if (outer.lent === OWN && printer.has(facts.node, OWN_WORDS)) return 'this in parameters'
  return null
}
