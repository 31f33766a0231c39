// `npm start`: set-up, then the main example with the arguments given.
import { runNode } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
process.exitCode = await runNode([
  '--import',
  'tsx',
  'examples/parallel-urls/main.ts',
  ...process.argv.slice(2),
])
