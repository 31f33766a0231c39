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
