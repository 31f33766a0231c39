import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installPacked, type PackedProject } from '@greenhouse/test-kit/packed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('the packed command', () => {
  let project: PackedProject | undefined
  beforeAll(async () => {
    const names = [
      'scheduler',
      'util',
      'io',
      'pool',
      'emulation',
      'backdoor',
      'compat',
      'greenhouse',
    ]
    // The registry is not asked: what others have made comes from here, too.
    const others = 'gen-mapping trace-mapping sourcemap-codec resolve-uri'.split(' ')
    project = await installPacked([
      ...names,
      ...others.map((name) => `../node_modules/@jridgewell/${name}`),
      '../node_modules/acorn',
      'greenhouse/node_modules/commander',
    ])
    const app = `const { execSync } = require('child_process')
      let ticks = 0
      const timer = setInterval(() => ticks++, 5)
      execSync('sleep .3')
      clearInterval(timer)
      console.log(ticks > 3, process.argv.slice(2).join())`
    mkdirSync(join(project.folder, 'program'))
    writeFileSync(join(project.folder, 'program/package.json'), '{}')
    writeFileSync(join(project.folder, 'program/app.js'), app)
  })
  afterAll(() => project?.remove())

  it('runs a program green, as register does', async () => {
    const bin = 'node_modules/greenhouse/dist/cli.js'
    expect(await project!.node(bin, 'run', 'program/app.js', 'a', 'b')).toBe('true a,b')
    const register = ['--import', 'greenhouse/register']
    expect(await project!.node(...register, 'program/app.js', 'c')).toBe('true c')
    expect(await project!.node('program/app.js')).toBe('false')
  })

  it('patches before anything of the program loads, and compiles, as far as it is told to', async () => {
    // `taken` is what a module gets that keeps a function when it loads.
    const told = `import { readFile as taken } from 'node:fs/promises'
      import { setTimeout as sleep } from 'node:timers/promises'
      import { execSync } from 'node:child_process'
      import { emulationReport, getOriginal } from '@greenhouse/emulation'
      import { withTimeout } from '@greenhouse/scheduler'
      execSync('true')
      const original = getOriginal('fs/promises', 'readFile')
      const late = await withTimeout(20, () => sleep(60_000)).catch((error) => error)
      console.log(JSON.stringify({
        late: late.code,
        aborted: late.cause?.name === 'AbortError',
        patched: original !== undefined && taken !== original,
        green: Object.keys(emulationReport().suspended),
      }))
      process.exit()`
    writeFileSync(join(project!.folder, 'program/told.mjs'), told)
    const green = ['child_process.execSync']
    const all = { late: 'GH_TIMEOUT', aborted: true, patched: true, green }
    const run = ['node_modules/greenhouse/dist/cli.js', 'run']
    for (const [flags, seen] of [
      [run, all],
      [['--import', 'greenhouse/register'], all],
      [[...run, '--patch', 'fs/promises', '--'], { ...all, aborted: false }],
      [[...run, '--no-patch'], { ...all, aborted: false, patched: false }],
      [[...run, '--no-green'], { ...all, green: [] }],
      [[...run, '--green', 'another', '--'], { ...all, green: [] }],
    ] as const) {
      const said = await project!.node(...flags, 'program/told.mjs')
      expect([flags, JSON.parse(said)]).toEqual([flags, seen])
    }
  })

  it('lets async functions that have blocked wait for greenhouse, when what began them is over', async () => {
    const job = `
      const { execSync } = await import('node:child_process')
      const { Group, pauseFor, withTimeout } = await import('@greenhouse/scheduler')
      const told = []
      async function job(name) {
        execSync('true')
        await pauseFor(1)
        const late = withTimeout(5, () => pauseFor(60_000)).catch((error) => error.code)
        told.push([name, await withTimeout(60_000, () => pauseFor(5).then(() => 'ok')), await late])
        await Group.run(async (group) => void group.schedule(() => pauseFor(1)))
      }`
    const esm = `${job}
      await job('top level')
      const timer = new Promise((resolve) => setTimeout(() => void job('timer').then(resolve), 1))
      await timer
      console.log(JSON.stringify(told))`
    const cjs = `async function main() {${job}
        await job('async function')
        console.log(JSON.stringify(told))
      }
      void main()
      require('node:child_process').execSync('true')`
    writeFileSync(join(project!.folder, 'program/waits.mjs'), esm)
    writeFileSync(join(project!.folder, 'program/waits.js'), cjs)
    const run = async (file: string): Promise<unknown> =>
      JSON.parse(await project!.node('node_modules/greenhouse/dist/cli.js', 'run', file))
    const seen = ['ok', 'GH_TIMEOUT']
    expect(await run('program/waits.mjs')).toEqual([
      ['top level', ...seen],
      ['timer', ...seen],
    ])
    expect(await run('program/waits.js')).toEqual([['async function', ...seen]])
  })

  it('loads a library green', async () => {
    const folder = join(project!.folder, 'node_modules/blocking')
    mkdirSync(folder)
    const text = `exports.run = () => require('child_process').execSync('echo run') + ''`
    writeFileSync(join(folder, 'index.js'), text)
    const script = `
      import { patched, emulationReport } from '@greenhouse/emulation'
      const lib = await patched('blocking', { from: process.cwd() })
      const said = await lib.run()
      console.log(said.trim(), emulationReport().suspended['child_process.execSync'])`
    expect(await project!.node('--input-type=module', '-e', script)).toBe('run 1')
  })
})
