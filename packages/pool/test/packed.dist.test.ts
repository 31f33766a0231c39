import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, type PackedProject } from '@greenhouse/test-kit/packed'

let project: PackedProject

beforeAll(async () => {
  project = await installPacked(['scheduler', 'util', 'pool'])
})

afterAll(() => project.remove())

const JOB = `map(async (n) => n * 2, [1, 2, 3]).toArray().then((all) => console.log(all.join()))`

describe('pool, util and scheduler installed from tarballs', () => {
  it('map from an ES module', async () => {
    const program = `import { map } from '@greenhouse/pool'; ${JOB}`
    expect(await project.node('--input-type=module', '-e', program)).toBe('2,4,6')
  })

  it('map from CommonJS', async () => {
    expect(await project.node('-e', `const { map } = require('@greenhouse/pool'); ${JOB}`)).toBe(
      '2,4,6',
    )
  })

  it('share one scheduler between both', async () => {
    const program = `
      import { createRequire } from 'node:module'
      import { schedule } from '@greenhouse/scheduler'
      import { Queue } from '@greenhouse/util'
      const require = createRequire(import.meta.url)
      console.log(require('@greenhouse/scheduler').schedule === schedule, require('@greenhouse/util').Queue === Queue)`
    expect(await project.node('--input-type=module', '-e', program)).toBe('true true')
  })
})
