// Programs whose operations stand behind frames that cannot be suspended: they block, and give what they give natively.

export const blockingPrograms: Readonly<Record<string, string>> = {
  comparator: `function main(){ return [3,1,2].sort((a,b)=>op(a)-op(b)) }`,
  toJSON: `function main(){ return JSON.stringify({ toJSON(){ return op(5) } }) }`,
  reviver: `function main(){ return JSON.parse('{"a":[1,2]}', (k, v) => op(v)) }`,
  getter: `function main(){ const o = { get a(){ return op(1) }, set a(v){ log(op(v)) } }; o.a = 2; return o.a }`,
  classGetter: `class A { get a(){ return op(1) } static get b(){ return op(2) } } function main(){ return [new A().a, A.b] }`,
  conversion: `function main(){ const o = { toString(){ return 's' + op(1) }, valueOf(){ return op(5) } }; return [\`\${o}\`, o + 1] }`,
  proxyTrap: `function main(){ return new Proxy({}, { get: (target, key) => op(key) }).zz }`,
  field: `class A { x = op(1); static y = op(2); static { log(op(3)) } } function main(){ return [new A().x, A.y] }`,
  evalHere: `function main(){ const q = op(2); return [eval('q + 1'), eval('op(q)')] }`,
  withHere: `function main(){ const o = { q: 1 }; with (o) { q = op(5) } return o }`,
  functionInIf: `function main(){ if(true) function q(){ return op(1) } return q() }`,
  callee: `const f = function(n){ return n ? n + arguments.callee(n - 1) : op(0) }; function main(){ return eval('f(3)') }`,
  patternsSeen: `function main(){ const r=[]; let a,b; function* g(){ yield op(1); log([a,b]); yield op(2); log([a,b]) } [a,b]=g(); r.push(a,b); let c,d; function* bad(){ yield op(3); op('!bad') } try { [c,d]=bad() } catch(e){ r.push(e.message,c,d) } const o={ set x(v){ log('x'+v) } }; [o.x,o.y=op(5)]=g(); const f=()=>e1; function* early(){ yield 1; try { f() } catch(e){ log(e.name) } yield op(2) } const [e1,e2]=early(); return r.concat(e1,e2,o.y) }`,
}
