import { createRequire } from 'node:module'
import { installPacked, type PackedProject } from '@greenhouse/test-kit/packed'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SUBPATHS = ['.', './kernel', './testing']
const nameOf = (subpath: string) => `@greenhouse/scheduler${subpath.slice(1)}`

let project: PackedProject
beforeAll(async () => {
  project = await installPacked(['scheduler'])
})
afterAll(() => project.remove())

/** Runs a module in the project; gives what it prints as JSON. */
const run = async (program: string): Promise<unknown> =>
  JSON.parse(await project.node('--input-type=module', '--eval', program))

describe('the packed @greenhouse/scheduler', () => {
  it('brings nothing else', async () => {
    const found = await run(`
      import { readdirSync } from 'node:fs'
      console.log(JSON.stringify(readdirSync('node_modules/@greenhouse')
        .concat(readdirSync('node_modules').filter((name) => !name.startsWith('.')))))`)
    expect(found).toEqual(['scheduler', '@greenhouse'])
  })

  it.each(SUBPATHS)('exports these names from %s', async (subpath) => {
    const names = await run(`
      import * as entry from '${nameOf(subpath)}'
      console.log(JSON.stringify(Object.keys(entry).sort()))`)
    expect(names).toMatchSnapshot()
  })

  it.each(SUBPATHS)(
    'has no undefined name in %s, and the same ones in its CJS file',
    async (subpath) => {
      const file = subpath === '.' ? 'index' : subpath.slice(2)
      const { esm, cjs } = (await run(`
      import * as entry from '${nameOf(subpath)}'
      import { createRequire } from 'node:module'
      const raw = createRequire(import.meta.url)('./node_modules/@greenhouse/scheduler/dist/${file}.cjs')
      const kinds = (all) => Object.entries(all).map(([name, value]) => name + ' ' + typeof value).sort()
      console.log(JSON.stringify({ esm: kinds(entry), cjs: kinds(raw) }))`)) as {
        esm: string[]
        cjs: string[]
      }
      expect(esm.filter((one) => one.endsWith(' undefined'))).toEqual([])
      expect(esm.length).toBeGreaterThan(0)
      expect(cjs).toEqual(esm)
    },
  )

  it('gives the same things by import and by require', async () => {
    const same = await run(`
      import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      const same = {}
      for (const name of ${JSON.stringify(SUBPATHS.map(nameOf))}) {
        const [imported, required] = [await import(name), require(name)]
        for (const key of Object.keys(imported)) same[name + ' ' + key] = imported[key] === required[key]
      }
      console.log(JSON.stringify(same))`)
    expect(Object.keys(same as object)).toContain('@greenhouse/scheduler schedule')
    expect(Object.keys(same as object)).toContain('@greenhouse/scheduler/kernel WaitList')
    expect(new Set(Object.values(same as object))).toEqual(new Set([true]))
  })

  it('has no subpath but these, and says its version', async () => {
    const seen = await run(`
      import { createRequire } from 'node:module'
      const manifest = createRequire(import.meta.url)('@greenhouse/scheduler/package.json')
      const code = await import('@greenhouse/scheduler/dist/index.js').catch((error) => error.code)
      console.log(JSON.stringify({ paths: Object.keys(manifest.exports), version: manifest.version, code }))`)
    const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
    expect(seen).toEqual({
      paths: [...SUBPATHS, './package.json'],
      version,
      code: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
    })
  })
})
