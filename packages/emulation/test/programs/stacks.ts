// Programs that give or throw a stack. Calls stand in many forms and places; `op(x)` may be suspended.

const fail = `function fail(x) {
  op(x)
  throw new Error('failed')
}
`

export const STACKS: Readonly<Record<string, string>> = {
  call: `${fail}function main() {
  const a = 1;   fail(a)
}`,
  knownCall: `function main() {
  return outer(1)
}
function outer(x) { return 1 + inner(op(x), 2) }
function inner(a, b) {
  return [a, new Error('here').stack][1]
}`,
  read: `function main() { op(1); return middle() }
function middle() {
  op(2)
  return new Error('here').stack
}`,
  caught: `${fail}function main() {
  op(1)
  try {
    fail(2)
  } catch (error) {
    op(3)
    return error.stack
  }
}`,
  rethrown: `${fail}function main() {
  try {
    fail(2)
  } catch (error) {
    op(3)
    throw error
  } finally {
    op(4)
  }
}`,
  method: `const o = { inner: { fail(x) { op(x); throw new Error('m') } }, call() {
  return this.inner.fail(1)
} }
function main() {
  op(0)
  return o.call() ; }`,
  computedMethod: `const o = { 'a b'(x) { op(x); throw new Error('m') } }
function main() {
  const k = 'a b'
  return 1 + o[k](2) + o [ 'a b' ] (2)
}`,
  keywordMethod: `const o = { delete(x) { op(x); throw new Error('m') }, catch: (x) => o.delete(x) }
function main() {
  return o.catch  (op(1))
}`,
  constructor: `function Thing(x) { op(x)
  this.error = new Error('made') ; this.stack = this.error.stack }
function main() {
  const before = 1, made = new   Thing(2)
  return made.stack
}`,
  classConstructor: `class A { constructor(x) { op(x); this.stack = new Error('a').stack } }
class B extends A {
  constructor(x) {
    op(x)
    super(x + 1)
    op(x)
  }
}
function main() {
  return new B(1).stack
}`,
  classMethod: `class A {
  static make() { return new this() }
  go(x) { op(x); return this.#inner(x) }
  #inner(x) { op(x); throw new Error('inner') }
}
function main() { return A.make()
    .go(1) }`,
  superMethod: `class A { go(x) { op(x); throw new Error('A') } }
class B extends A {
  go(x) { return 1 + super.go(op(x)) }
}
function main() { return new B().go(1) }`,
  getter: `class A {
  get it() { throw new Error('got') }
}
function main() {
  const a = new A(); op(1)
  return a  .it
}`,
  template: `function tag(strings, x) { op(x); throw new Error(strings[0]) }
const o = { tag }
function main() {
  try { return tag\`a\${1}b\` } catch (error) { op(error.stack.length); return o.tag\`c\${op(2)}\` }
}`,
  optional: `const o = { a: { fail(x) { op(x); throw new Error('o') } } }
function main() {
  return op(o)?.a?.fail(2)
}`,
  optionalCall: `${fail}function main() {
  const o = { fail }
  try { fail?.(1) } catch (error) { return error.stack + '\\n' + caught(o) }
}
function caught(o) { try { o.fail?.(2) } catch (error) { return error.stack } }`,
  loops: `${fail}function main() {
  for (let i = 0; i < op(3); i++) {
    while (true) {
      do { if (i === 1) fail(i) ; else break } while (op(false))
      break
    }
  }
}`,
  forOf: `${fail}function main() {
  for (const x of op([1, 2])) {
    for (const k in { a: 1 }) if (x === 2) fail(k)
  }
}`,
  loopHeads: `${fail}function main() {
  for (let i = op(0); ; fail(i)) op(i)
}`,
  loopTest: `${fail}function main() {
  let n = 0
  while (n++ < 1 || fail(n)) op(n)
}`,
  arguments: `${fail}const two = (a, b) => a + b
function main() {
  return two(op(1), two(
    op(2),
    fail(3)))
}`,
  literals: `${fail}function main() {
  return [op(1), { a: op(2), b: \`x\${fail(3)}\` }]
}`,
  spread: `${fail}function main() {
  return Math.max(...op([1]), ...[fail(2)])
}`,
  defaults: `${fail}function main() { return given() }
function given(a = op(1), b = fail(a)) { return a + b }`,
  logical: `${fail}function main() {
  const a = op(0) || op(null) ?? (op(1) && (op(true) ? fail(1) : 2))
  return a
}`.replace('op(0) || op(null) ??', 'op(null) ??'),
  assignment: `${fail}function main() {
  const o = { n: 1 }
  o.n += op(1)
  o[op('k')] ??= fail(2)
}`,
  switch: `${fail}function main() {
  switch (op(2)) {
    case 1: return
    case op(2): fail(1)
  }
}`,
  arrow: `${fail}function main() {
  const f = (x) => fail(x), g = (x) => { return f(op(x)) }
  return [1].map((x) => 1 + g(x))
}`,
  callback: `${fail}function main() {
  op(1)
  return [1, 2].forEach(function each(x) { if (x === 2)
    fail(x) })
}`,
  callAndApply: `${fail}function main() {
  try { fail.call(null, 1) } catch (error) { return error.stack + '\\n' + other() }
}
function other() { try { fail.apply(null, op([2])) } catch (error) { return error.stack } }`,
  generator: `${fail}function* steps(x) {
  yield op(x)
  yield fail(x)
}
function main() {
  const all = []
  for (const x of steps(1)) all.push(x)
}`,
  generatorNext: `${fail}function* steps(x) {
  yield op(x)
  fail(x)
}
function main() {
  const it = steps(1)
  it.next()
  return op(it).next()
}`,
  async: `${fail}async function main() {
  op(1)
  return inner(2)
}
async function inner(x) {
  try { fail(x) } catch (error) { return error.stack }
}`,
  immediately: `${fail}function main() {
  return (function () { return (() => fail(1))() })()
}`,
  natives: `function main() {
  const o = { a: null }; op(1)
  try { o.a.b.c } catch (error) { return error.stack + '\\n' + call(o) + '\\n' + make(o) }
}
function call(o) { try { o.a(1) } catch (error) { return error.stack } }
function make(o) {
  try { new o.a(op(1)) } catch (error) { return error.stack }
}`,
  operators: `function main() {
  return add() + '\\n' + update() + '\\n' + within() + '\\n' + pattern() + '\\n' + throwing()
}
function add() { try { return op(1n)   + op(1) } catch (error) { return error.stack } }
function update() { let x = op(1n); try { x   += op(1) } catch (error) { return error.stack } }
function within() { try { return op('x')   in op(1) } catch (error) { return error.stack } }
function pattern() { try { const { a: { b } } = op({}) } catch (error) { return error.stack } }
function throwing() { try { const a = op(1); a   = 2 } catch (error) { return error.stack } }`,
  iterators: `${fail}const each = { [Symbol.iterator]: () => ({ next() { fail(1) } }) }
function main() {
  return loop() + '\\n' + spread() + '\\n' + none() + '\\n' + noneSpread()
}
function loop() {
  try {
    for (  const x of each) op(x)
  } catch (error) { return error.stack }
}
function spread() { try { return [1, ...each].concat(op(1)) } catch (error) { return error.stack } }
function none() { try { for (const x of op(5)) op(x) } catch (error) { return error.stack } }
function noneSpread() { try { return fail( ...op(5)) } catch (error) { return error.stack } }`,
  delegates: `${fail}function* inner() { yield op(1); fail(2) }
function* outer() {
  yield*   inner()
}
function main() {
  const [a] = outer()
  return [...outer()]
}`,
  asyncRuns: `${fail}async function main() {
  await op(1)
  return middle()
}
function middle() {
  op(2)
  try { fail(3) } catch (error) { return error.stack }
}`,
  asyncChain: `${fail}async function main() {
  const a = await op(1)
  return 1 + await outer(a)
}
const outer = async (x) => {
  for (const y of [x]) await   inner(y)
}
async function inner(x) {
  await null
  fail(op(x))
}`,
  nested: `${fail}class A {
  static #x = 1
  run = (x) => { return this.two(op(x)) }
  two(x) {
    return { go: () => { for (const y of [x]) { const z = y; [z].map((w) => fail(w + z)) } } }.go()
  }
}
function main() { return new A().run(1) }`,
  captured: `function Failure(message) {
  op(1)
  Error.captureStackTrace(this, Failure)
}
class Other extends Error {
  constructor(message) {
    super(op(message))
    Error.captureStackTrace(this, this.constructor)
  }
}
function main() {
  return new Failure('a').stack + '\\n' + new Other('b').stack
}`,
}
