// Compiled programs in this process, with the places of their sources known.
import { compileFunction } from 'node:vm'
import { compileModule } from '../../src/compile/index.ts'
import { runtime } from '../../src/rt/index.ts'
import { noteScript } from '../../src/stacks/scripts.ts'

type Main = () => unknown

/** What the file of a program is called. */
export const FILE = '/app/program.js'

/** The `main` of a program that was not compiled; `names` are its globals. */
export function nativeMain(source: string, names: Readonly<Record<string, unknown>>): Main {
  const run = compileFunction(`${source}\nreturn main`, Object.keys(names), { filename: FILE })
  return run(...Object.values(names)) as Main
}

export function compiledMain(
  source: string,
  names: Readonly<Record<string, unknown>>,
  generators = false,
): Main {
  const made = compileModule(source, { file: FILE, kind: 'script', generators })
  const script = `${FILE}?green`
  noteScript(script, FILE, FILE, made)
  const parameters = ['$_G', ...Object.keys(names)]
  const run = compileFunction(`${made.code}\nreturn main`, parameters, { filename: script })
  return run(runtime, ...Object.values(names)) as Main
}
