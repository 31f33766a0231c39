import { mkdirSync, symlinkSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundled, type Bundled } from './helpers/bundle.ts'
import { ranNode, written, type Ran } from './helpers/command.ts'

const isStripping = Boolean((process.features as { readonly typescript?: unknown }).typescript)
/** Elsewhere hooks run in a thread of their own, which cannot ask while a script is required: see the README's limits. */
const isHooked = 'registerHooks' in Module
/** Makes Node leave types where they are. */
const unable = isStripping ? ['--no-experimental-strip-types'] : []

const body = `
interface Box<T> {
  value: T
}
let ticks: number = 0
const timer = setInterval((): void => void ticks++, 5)
const box: Box<string> = { value: execSync('sleep .2; echo done', { encoding: 'utf8' }).trim() }
clearInterval(timer)
console.log(box.value, ticks > 3, later() as number, process.argv.slice(2).join())
function fail(): never {
  execSync('true')
  throw new Error('here')
}
if (process.argv[2] === 'fail') fail()
`
const module = `import { execSync } from 'node:child_process'
import { later } from './dep.ts'
${body}`
const script = `const { execSync } = require('node:child_process')
const { later } = require('./dep.cts')
${body}`

const files = {
  'package.json': '{ "type": "module" }',
  'app.ts': module,
  'app.mts': module,
  'app.cts': script,
  'dep.ts': `import { execSync } from 'node:child_process'
    export type Size = number
    export const later = (): Size => Number(execSync('echo 3', { encoding: 'utf8' }))`,
  'dep.cts': `const { execSync } = require('node:child_process')
    exports.later = (): number => Number(execSync('echo 3', { encoding: 'utf8' }))`,
}
const mains = ['app.ts', 'app.mts', 'app.cts']

describe('a program in TypeScript', { timeout: 60_000 }, () => {
  let command: Bundled
  beforeAll(async () => {
    command = await bundled()
  })

  /** The program's folder; `tsx` stands in it as if it had been installed. */
  const folderWith = (tsx: boolean): string => {
    const folder = written(files)
    if (tsx) {
      const installed = createRequire(import.meta.url).resolve('tsx/package.json')
      mkdirSync(join(folder, 'node_modules'))
      symlinkSync(dirname(installed), join(folder, 'node_modules/tsx'))
    }
    return folder
  }

  /** It suspends, in what it imports, too, and fails in its own line. */
  const expectGreen = ({ stdout, stderr }: Ran, main: string): void => {
    expect(stdout).toBe('done true 3 fail\n')
    expect(stderr).toContain('Error: here')
    expect(stderr).toMatch(new RegExp(`${main.replace('.', '\\.')}:14:`))
    expect(stderr).not.toContain('Warning')
    if (main !== 'app.cts' || isHooked) expect(stderr).not.toContain('execSync at')
  }

  it.skipIf(!isStripping).each(mains)(
    isStripping
      ? '%s runs green where Node strips types'
      : '%s runs green where Node strips types (this one does not: see those with tsx)',
    async (main) => {
      const folder = folderWith(false)
      expectGreen(await ranNode(folder, [command.command, 'explain', main, 'fail']), main)
      expectGreen(await ranNode(folder, ['--import', command.register, main, 'fail']), main)
    },
  )

  it.each(mains)('%s runs green by an installed tsx, which `run` finds by itself', async (main) => {
    const folder = folderWith(true)
    const run = [...unable, command.command, 'explain', main, 'fail']
    expectGreen(await ranNode(folder, run), main)
    const register = ['--import', 'tsx', '--import', command.register, main, 'fail']
    expectGreen(await ranNode(folder, [...unable, ...register]), main)
  })

  it('says which ways there are where nothing runs it', async () => {
    const folder = folderWith(false)
    for (const way of [
      [command.command, 'run'],
      ['--import', command.register],
    ]) {
      const { code, stderr } = await ranNode(folder, [...unable, ...way, 'app.ts'])
      expect(code).toBe(1)
      expect(stderr).toContain("code: 'GH_UNSUPPORTED'")
      expect(stderr).toMatch(/Node 22\.18 or later .*`greenhouse run` finds it.*--import tsx/)
    }
  })
})
