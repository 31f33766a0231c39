// Plain twins: a hot body that runs as fast as plain code, and a cold body that goes on where it was suspended. The cold one
// is nested in the hot one, and shares with it what the functions inside capture; everything else is saved and restored.
import { flagsOf } from './flags.ts'
import { rangeOfAll, type Items } from './ir.ts'
import { StatementLowering } from './lower-statements.ts'
import { Lowering } from './lowering.ts'
import { isClass, type Node } from './node.ts'
import { environmentsOf, heldBy } from './plain-scopes.ts'
import {
  aliasesOf,
  factsOf,
  hasTwin,
  printDeclaration,
  printParameters,
  printPlain,
  printTwinFunction,
  splitDirectives,
} from './print-functions.ts'
import { IrPrinter } from './print-ir.ts'
import { OWN, type Body, type Printer } from './printer.ts'
import { isLonger, text, type Text } from './text.ts'

/** Parameters and body of a plain twin. */
export function printPlainTwin(
  node: Node,
  outer: Body,
  printer: Printer,
  home: string | null,
): Text {
  const facts = factsOf(node, printer)
  const isArrow = facts.role === 'arrow'
  const body: Body = {
    facts,
    green: true,
    words: isArrow ? outer.words : OWN,
    lent: isArrow ? outer.lent : aliasesOf(printer),
    home: isArrow ? outer.home : home,
    derived: isArrow ? outer.derived : null,
    depth: 0,
    deepest: 0,
    named: [],
    created: [],
  }
  const low = new Lowering(printer, body)
  const statements = new StatementLowering(low)
  const block: Node = node['body']
  let directives: Text = ''
  const declared: Text[] = []
  let items: Items
  if (block.type === 'BlockStatement') {
    const split = splitDirectives(block)
    directives = split.directives
    for (const one of printer.analysis.scopes.get(node)!.functions) {
      // Functions of the whole body are declared in it as they were.
      const { declared: text_, attach } = printDeclaration(one, { ...body, created: null }, printer)
      declared.push(text_, '\n', attach)
    }
    items = statements.all(split.list)
  } else {
    const out: Items = []
    const value = statements.expressions.value(block, out as never)
    low.code(out as never, text`return ${value.text};`)
    items = out
  }
  const whole = assemble(items, low, [aliases(body, printer), declared])
  const parameters = printParameters(node, body, printer)
  return text`(${parameters})${isArrow ? '=>' : ''}{${directives}${whole}}`
}

/** The hot body, with the cold one in its epilogue. */
function assemble(items: Items, low: Lowering, head: Text): Text {
  const { printer, body } = low
  const p = printer.prefix
  const print = new IrPrinter(p, printer.helper('S'), printer.helper('J'), printer.helper('k'))
  const { saved, native, parameters } = heldBy(body, printer)
  const temporaries = Array.from({ length: low.deepest }, (_, index) => `${p}t${index}`)
  const scratch = [`${p}f`, `${p}g`]
  const hot = print.hot(items)
  const own = [...saved, ...native, ...temporaries, ...body.named, ...scratch]
  if (rangeOfAll(items).last === 0) {
    return text`let ${own.join(',')};${head}${body.created!}${hot}`
  }
  const kept = [...parameters, ...saved.map(nameOnly), ...temporaries]
  const list = `[${kept.join(',')}]`
  const restored = kept.map((name, index) => `${name}=${p}L[${index}]`)
  const cold = text`(${p}P,${p}V,${p}X,${p}L,${p}R)=>{let ${[...restored, ...scratch, `${p}K=0`].join(',')};${p}H:{${print.cold(items, true)}return}return ${printer.helper('again')}(${p}R,${p}K,${list})}`
  const self = savesSelf(body) ? 'this' : 'void 0'
  const sites = JSON.stringify(low.sites.map((at) => placeOf(at, printer)).join(','))
  const leave = text`return ${printer.helper('cap')}(${cold},${p}K,${list},${self},${printer.file()},${sites})`
  return text`let ${[...own, `${p}K=0`].join(',')};${head}${body.created!}${p}H:{${hot}return}${leave}`
}

function placeOf(at: number, printer: Printer): string {
  const { line, column } = printer.position(at)
  return `${line}:${column}`
}

function nameOnly(declarator: string): string {
  return declarator.split('=')[0]!
}

/** `new` asks a suspended constructor for its object. */
function savesSelf({ facts }: Body): boolean {
  return facts.role === 'function' || facts.role === 'constructor'
}

/** For the twins of arrows that are generators. */
function aliases({ facts }: Body, printer: Printer): Text {
  const { prefix } = printer
  if (facts.role === 'arrow') return ''
  const made: string[] = []
  if (facts.lent.this) made.push(`const ${prefix}this=this;`)
  if (facts.lent.arguments) made.push(`const ${prefix}arguments=arguments;`)
  return made.join('')
}

const LONG = 300

/**
 * A function or class where it is made. It is handed the environments of the blocks that it stands in, as they are then; a long
 * one is printed once, as a maker that both bodies call.
 */
export function created(node: Node, printed: Text, body: Body, printer: Printer): Text {
  const environments = environmentsOf(node, body, printer).join(',')
  const isShared = isLonger(printed, LONG) && !(isClass(node) && hasHead(node))
  if (isShared) {
    const name = printer.name('m')
    body.created!.push(text`const ${name}=(${environments})=>(${printed});`)
    return `${name}(${environments})`
  }
  return environments === '' ? printed : text`((${environments})=>(${printed}))(${environments})`
}

/** What is evaluated with the class may refer to variables that only one of the two bodies has. */
function hasHead(node: Node): boolean {
  return node['superClass'] !== null || node['body'].body.some((one: Node) => one['computed'])
}

/** The value of a function that is declared in a block. */
export function printBlockFunction(node: Node, body: Body, printer: Printer): Text {
  if (!hasTwin(node, body, printer)) {
    return created(node, printPlain(node, body, printer), body, printer)
  }
  const maker = printer.maker('function', node['id'].name, node)
  const twin = printTwinFunction(node, body, printer)
  const made = text`${printer.helper('mk')}(${maker},${twin},${flagsOf(node, printer)})`
  return created(node, made, body, printer)
}
