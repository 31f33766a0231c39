// Every program of test/programs, green against native.
import { describe, expect, it } from 'vitest'
import { compare } from './mask.ts'
import { blockingPrograms } from './programs/blocking.ts'
import { corePrograms } from './programs/core.ts'
import { iterationPrograms } from './programs/iteration.ts'
import { languagePrograms } from './programs/language.ts'

const all = { core: corePrograms, language: languagePrograms, iteration: iterationPrograms }

for (const [group, programs] of Object.entries(all)) {
  describe(`Programs: ${group}`, () => {
    for (const [name, source] of Object.entries(programs)) {
      it(`runs ${name} green as natively, wherever it is suspended`, async () => {
        const { failure, suspensions } = await compare(source)
        expect(failure).toBeNull()
        expect(suspensions).toBeGreaterThan(0)
      })
    }
  })
}

describe('Programs: blocking', () => {
  for (const [name, source] of Object.entries(blockingPrograms)) {
    it(`runs ${name} as natively, blocking`, async () => {
      const { failure, suspensions } = await compare(source)
      expect(failure).toBeNull()
      expect(suspensions).toBe(0)
    })
  }
})
