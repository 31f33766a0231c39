// Programs in C, Go and Python that take part where their tools are installed. Compiled once, into node_modules.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'

const bench = join(import.meta.dirname, '..')
const cache = join(bench, 'node_modules/.native')

/** Debian's Python: what its packages python3-gevent and python3-eventlet are installed for. */
const PYTHON = ['/usr/bin/python3', 'python3']

const TOOLS = {
  '.c': { command: 'cc', version: '--version', args: (source, out) => ['-O2', '-o', out, source] },
  '.go': { command: 'go', version: 'version', args: (source, out) => ['build', '-o', out, source] },
}

/** Why a source cannot be compiled here; undefined when it can. */
export function missingCompiler(source) {
  const { command, version } = toolOf(source)
  return works(command, [version]) ? undefined : `there is no ${command}`
}

/** Compiles a source in bench/ unless that has been done; gives the program's path. */
export function compiled(source) {
  const file = join(bench, source)
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12)
  const program = join(cache, `${basename(source).replace('.', '-')}-${hash}`)
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const { command, args } = toolOf(source)
  const unfinished = `${program}.${process.pid}`
  const done = spawnSync(command, args(file, unfinished), { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${command} ${source}: ${done.stderr || done.error}`)
  renameSync(unfinished, program)
  return program
}

/** Why Python programs that import this cannot run here; undefined when they can. */
export function missingModules(...modules) {
  const python = pythonCommand()
  if (python === undefined) return 'there is no python3'
  const absent = modules.filter((name) => !works(python, ['-c', `import ${name}`]))
  if (absent.length === 0) return undefined
  const packages = absent.map((name) => `python3-${name}`).join(' ')
  return `${absent.join(', ')} is not installed (Debian: apt-get install ${packages})`
}

export function pythonCommand() {
  return PYTHON.find((command) => works(command, ['--version']))
}

const known = new Map()

function works(command, args) {
  const key = [command, ...args].join(' ')
  if (!known.has(key)) known.set(key, spawnSync(command, args).status === 0)
  return known.get(key)
}

function toolOf(source) {
  return TOOLS[source.slice(source.lastIndexOf('.'))]
}
