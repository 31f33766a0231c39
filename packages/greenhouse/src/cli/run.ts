// `greenhouse run app.js [args]`: a program that was written to block runs so that its blocking calls block only their
// greenlets. All else is as under plain node: it is this process.
import Module from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { prepare, type PrepareOptions } from './prepare.ts'
import { resolved, typeScriptLoader } from './typescript.ts'

/** The subcommand `run`. */
export function runCommand(): Command {
  return programCommand('run')
    .description('Run a program green: blocking calls block only their greenlet')
    .action((script: string, args: string[], options: PrepareOptions) => run(script, args, options))
}

/** A subcommand that runs a program. */
export function programCommand(name: string): Command {
  return new Command(name)
    .argument('<script>', 'the program')
    .argument('[args...]', 'its arguments')
    .option('--patch <name...>', 'patch only these: http, fs/promises, pg, …')
    .option('--no-patch', 'patch nothing')
    .option('--green <package...>', 'compile only these packages')
    .option('--no-green', 'compile nothing')
    .option('--exclude <package...>', 'do not compile these packages')
    .option('--marked', "compile only modules that begin with 'use green'")
    .option('--exact', 'suspend in the cheapest calls, too')
    .passThroughOptions()
}

/** Makes this process that of the program. */
export function run(script: string, args: readonly string[], options: PrepareOptions): void {
  const path = resolve(script)
  process.argv = [process.argv[0]!, resolved(path, path) ?? path, ...args]
  const start = (): void => {
    prepare(options)
    ;(Module as unknown as { runMain(): void }).runMain()
  }
  const loader = typeScriptLoader(path)
  if (loader === null) start()
  else void import(pathToFileURL(loader).href).then(start)
}
