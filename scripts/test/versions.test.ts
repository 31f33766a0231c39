import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const packages = join(import.meta.dirname, '../../packages')

describe('src/version.ts', () => {
  const withVersion = readdirSync(packages).filter((name) =>
    existsSync(join(packages, name, 'src/version.ts')),
  )

  it.each(withVersion)('of %s equals package.json', (name) => {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
      version: string
    }
    const source = readFileSync(join(packages, name, 'src/version.ts'), 'utf8')
    expect(/VERSION: string = '(.*)'/.exec(source)?.[1]).toBe(manifest.version)
  })
})
