// What the patches would not reach in one file: functions taken out of their modules, sockets of one's own, promises that
// are kept for several callers.
import type { SourceFile } from './source-files.ts'
import { nameOf, requiredBy, textOf, walk, type Syntax } from './syntax.ts'

/** Something that `patch()` would not reach, or that it would harm. */
export interface Finding {
  /** `captured`: reached only when `patch()` comes before; `socket`, `adapter`: not reached; `shared`: reached by one caller for all. */
  readonly kind: 'captured' | 'socket' | 'adapter' | 'shared'
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Whether a patch replaces that property of that module, for those alone who look it up at each call. */
export type IsPatched = (module: string, key: string) => boolean

/** What a name stands for: a module, or one thing out of it. */
interface Known {
  readonly module: string
  readonly key?: string
}

export function findingsIn({ path, tree }: SourceFile, isPatched: IsPatched): Finding[] {
  const findings: Finding[] = []
  const names = importedBy(tree)
  const say = (kind: Finding['kind'], node: Syntax, message: string): void => {
    const { line, column } = node.loc!.start
    findings.push({ kind, file: path, line, column: column + 1, message })
  }
  const capture = (node: Syntax, known: Known | undefined): void => {
    const { module, key } = known ?? {}
    if (module === undefined || key === undefined || !isPatched(module, key)) return
    const what = module === 'globalThis' ? key : `${key} of ${module}`
    say('captured', node, `keeps ${what} as it is when this file loads: patch() must come before`)
  }
  const meaning = (node: unknown): Known | undefined => meaningOf(node, names)

  // What runs as the file loads.
  walk(tree['body'], (node) => {
    if (/Function|Class/.test(node.type)) return false
    if (node.type === 'VariableDeclarator') {
      for (const [local, known] of declared(node, meaning)) {
        names.set(local, known)
        capture(node, known)
      }
    }
    if (node.type === 'CallExpression' && calledName(node)?.endsWith('promisify') === true) {
      capture(node, meaning((node['arguments'] as unknown[])[0]))
    }
    return undefined
  })
  // What runs at any time.
  let sockets = false
  walk(tree, (node) => {
    const called = /^(Call|New)Expression$/.test(node.type) ? meaning(node['callee']) : undefined
    if (!sockets && isConnect(called)) {
      sockets = true
      say(
        'socket',
        node,
        'connects a socket of its own: what waits on it is not reached; own(socket), or an adapter',
      )
    }
    if (node.type === 'AssignmentExpression' && /^(\?\?|\|\|)=$/.test(node['operator'] as string)) {
      const right = node['right'] as Syntax
      const kept = right.type === 'CallExpression' ? meaning(right['callee']) : undefined
      if (kept?.key !== undefined && isPatched(kept.module, kept.key)) {
        say(
          'shared',
          node,
          `keeps a promise of ${kept.key} for all callers: the time-out of one rejects it for all; disown() it`,
        )
      }
    }
  })
  return findings
}

const SUBMODULES: Readonly<Record<string, string>> = {
  fs: 'fs/promises',
  dns: 'dns/promises',
  stream: 'stream/promises',
  timers: 'timers/promises',
}

/** The names that imports bind: they follow their modules, so that none is captured. */
function importedBy(tree: Syntax): Map<string, Known> {
  const names = new Map<string, Known>()
  for (const node of tree['body'] as Syntax[]) {
    if (node.type !== 'ImportDeclaration') continue
    const module = bare(textOf(node['source'])!)
    for (const one of node['specifiers'] as Syntax[]) {
      const key = one.type === 'ImportSpecifier' ? nameOf(one['imported']) : undefined
      names.set(nameOf(one['local'])!, part({ module }, key === 'default' ? undefined : key))
    }
  }
  return names
}

const WRAPPERS = /^(__import(Default|Star)|__toESM|_interopRequire\w+)$/

function bare(module: string): string {
  return module.replace(/^node:/, '')
}

function part({ module, key }: Known, name: string | undefined): Known {
  if (name === undefined || name === 'default' || key !== undefined)
    return { module, ...(key !== undefined && { key }) }
  return name === 'promises' && module in SUBMODULES
    ? { module: SUBMODULES[module]! }
    : { module, key: name }
}

function meaningOf(node: unknown, names: ReadonlyMap<string, Known>): Known | undefined {
  const { type } = (node ?? {}) as Partial<Syntax>
  const module = requiredBy(node)
  if (module !== undefined) return { module: bare(module) }
  // What compilers make of imports: `__toESM(require('x')).default.f`, `(0, x_1.f)()`.
  if (type === 'SequenceExpression') {
    return meaningOf(((node as Syntax)['expressions'] as unknown[]).at(-1), names)
  }
  if (type === 'CallExpression' && WRAPPERS.test(calledName(node as Syntax) ?? '')) {
    return meaningOf(((node as Syntax)['arguments'] as unknown[])[0], names)
  }
  if (type === 'Identifier') {
    const name = nameOf(node)!
    if (name === 'globalThis') return { module: name }
    return names.get(name) ?? (name === 'fetch' ? { module: 'globalThis', key: name } : undefined)
  }
  if (type !== 'MemberExpression' || (node as Syntax)['computed'] === true) return undefined
  const object = meaningOf((node as Syntax)['object'], names)
  return object === undefined ? undefined : part(object, nameOf((node as Syntax)['property']))
}

/** The names that a declaration binds to known things. */
function declared(node: Syntax, meaning: (node: unknown) => Known | undefined): [string, Known][] {
  const from = meaning(node['init'])
  if (from === undefined) return []
  const target = node['id'] as Syntax
  if (target.type === 'Identifier') return [[nameOf(target)!, from]]
  if (target.type !== 'ObjectPattern') return []
  return (target['properties'] as Syntax[]).flatMap((one): [string, Known][] => {
    const key = nameOf(one['key'])
    const local = nameOf(one['value'])
    return key === undefined || local === undefined ? [] : [[local, part(from, key)]]
  })
}

function calledName({ callee }: Syntax): string | undefined {
  const { type, property } = callee as Syntax
  return nameOf(type === 'MemberExpression' ? property : callee)
}

function isConnect(called: Known | undefined): boolean {
  return (
    (called?.module === 'net' || called?.module === 'tls') &&
    ['connect', 'createConnection', 'Socket', 'TLSSocket'].includes(called.key ?? '')
  )
}
