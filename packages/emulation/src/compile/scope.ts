// Scopes, variables and the facts about each function that decide how it can be printed.
import type { Node } from './node.ts'

export type ScopeKind = 'program' | 'function' | 'self' | 'block' | 'loop' | 'class'
export type VariableKind =
  'var' | 'let' | 'const' | 'class' | 'function' | 'parameter' | 'catch' | 'import' | 'self'

/** A declared name. */
export interface Variable {
  readonly name: string
  kind: VariableKind
  readonly scope: Scope
  /** How often it is assigned after its declaration. */
  assigned: number
  /** Whether a function inside of its own refers to it. */
  captured: boolean
  /** The declarations of functions of this name in its scope. */
  readonly functions: Node[]
  /** What stands for it in the output. */
  output: string
  /** A parameter that is also the name of a `var`. */
  redeclared: boolean
  /** It may be read before its declaration has been reached, which throws. */
  readEarly: boolean
  writtenEarly: boolean
}

export class Scope {
  readonly kind: ScopeKind
  readonly outer: Scope | null
  readonly owner: FunctionFacts
  readonly variables: Map<string, Variable> = new Map()
  /** Declarations of functions that are hoisted to the head of this scope. */
  readonly functions: Node[] = []
  /** The name of the object that holds its captured variables, where a printer makes one. */
  environment: string | null = null

  constructor(kind: ScopeKind, outer: Scope | null, owner: FunctionFacts) {
    this.kind = kind
    this.outer = outer
    this.owner = owner
  }

  find(name: string): Variable | undefined {
    return this.variables.get(name) ?? this.outer?.find(name)
  }
}

export type FunctionRole =
  | 'program'
  | 'function'
  | 'arrow'
  | 'method'
  | 'accessor'
  | 'constructor'
  | 'derived constructor'
  | 'field'
  | 'static block'

/** What is known about a function, or about another body that is run as one (a program, a field, a static block). */
export interface FunctionFacts {
  readonly node: Node
  readonly role: FunctionRole
  readonly outer: FunctionFacts | null
  readonly scopes: Scope[]
  readonly strict: boolean
  /** Itself, or through arrows inside of it. */
  usesThis: boolean
  usesArguments: boolean
  usesNewTarget: boolean
  usesSuper: boolean
  /** An arrow inside of it refers to its `this`, `arguments` or `new.target`. */
  readonly lent: { this: boolean; arguments: boolean; newTarget: boolean }
  /** `eval(…)` or `with` here, or (second) here or further inside. */
  dynamic: boolean
  dynamicInside: boolean
  /** `arguments.callee`, `f.caller`. */
  usesCallee: boolean
  /** A variable called `yield`: no generator can be made of it. */
  yieldName: boolean
  /** Contains something that may block, not counting the functions inside. */
  mayBlock: boolean
  /** Stands in the parameters of `outer`, where its aliases are not declared yet. */
  readonly inParameters: boolean
  /** The name by which a function expression knows itself. */
  self: Variable | null
  /** Variables of functions around it, to which it or one inside of it refers. */
  readonly free: Set<Variable>
}

/** What the analysis has found; printers only read it. */
export interface Analysis {
  readonly program: FunctionFacts
  readonly facts: ReadonlyMap<Node, FunctionFacts>
  /** The scope that a block, loop, switch, catch clause, class or function opens. */
  readonly scopes: ReadonlyMap<Node, Scope>
  /** The variable to which an identifier refers; missing for globals. */
  readonly references: ReadonlyMap<Node, Variable>
  /** Names that are read and never assigned, where no variable has them. */
  readonly globals: ReadonlySet<string>
  /** Nodes that contain something that may block, not counting functions inside. */
  readonly blocking: ReadonlySet<Node>
  /** The node above. */
  readonly parents: ReadonlyMap<Node, Node>
  /** All names that stand in the source, so that made ones differ. */
  readonly names: ReadonlySet<string>
}

/** A facts object before anything is known. */
export function newFacts(
  node: Node,
  role: FunctionRole,
  outer: FunctionFacts | null,
  strict: boolean,
  inParameters: boolean,
): FunctionFacts {
  return {
    node,
    role,
    outer,
    scopes: [],
    strict,
    usesThis: false,
    usesArguments: false,
    usesNewTarget: false,
    usesSuper: false,
    lent: { this: false, arguments: false, newTarget: false },
    dynamic: false,
    dynamicInside: false,
    usesCallee: false,
    yieldName: false,
    mayBlock: false,
    inParameters,
    self: null,
    free: new Set(),
  }
}
