// A child of other-patchers.dist.test.ts: `program.mjs PATCHER STEP,STEP,STEP`. Says what reached the calls of a small module:
// `theirs` is how many of them went through the wrappers that the other patcher had put in place, first and after `unpatch`.
import { createRequire, register } from 'node:module'
import { patch, unpatch } from '@greenhouse/emulation'
import { withTimeout } from '@greenhouse/scheduler'

const [patcher, order] = process.argv.slice(2)
const corpus = new URL('../../../../../corpus/clients/', import.meta.url)
const fromCorpus = createRequire(corpus)
const shimmer = fromCorpus('shimmer')

let theirs = 0
const counted =
  (original) =>
  (...args) => {
    theirs++
    return original(...args)
  }

const patchers = {
  'import-in-the-middle': {
    hook: () =>
      new (fromCorpus('import-in-the-middle').Hook)(
        ['timers/promises', 'child_process'],
        (found) => {
          if (found.exec === undefined) found.setTimeout = counted(found.setTimeout)
          else found.exec = counted(found.exec)
        },
      ),
    load: () => import('./app.mjs'),
  },
  'require-in-the-middle': {
    hook: () =>
      new (fromCorpus('require-in-the-middle').Hook)(
        ['timers/promises', 'child_process'],
        (found) => {
          shimmer.wrap(found, found.exec === undefined ? 'setTimeout' : 'exec', counted)
          return found
        },
      ),
    load: () => createRequire(import.meta.url)('./app.cjs'),
  },
}

if (patcher === 'import-in-the-middle') register('import-in-the-middle/hook.mjs', corpus)

let app
for (const step of order.split(',')) {
  if (step === 'patch') patch()
  else if (step === 'hook') patchers[patcher].hook()
  else app = await patchers[patcher].load()
}
const aborted = []
const slept = await withTimeout(20, () => app.sleep()).catch((error) => error)
if (slept.cause?.code === 'ABORT_ERR') aborted.push('sleep')
const ran = new Promise((resolve) => {
  const started = () => new Promise(() => app.run(resolve))
  void withTimeout(20, started).catch(() => setTimeout(resolve, 5000, null))
})
if ((await ran)?.code === 'ABORT_ERR') aborted.push('exec')
const during = theirs
unpatch()
void app.sleep()
const child = app.run(() => {})
child.kill()
console.log(JSON.stringify({ aborted, theirs: [during, theirs - during] }))
process.exit()
