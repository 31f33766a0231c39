// Third-party libraries, unmodified: what they give and throw green is what they give and throw natively, they really suspend,
// and those that are entered by many greenlets at once give each what it would have got alone.
import { withTimeout } from '@greenhouse/scheduler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isConcurrent } from '../src/facade/concurrent.ts'
import { Graph } from '../src/load/graph.ts'
import { prepare } from '../src/prepare.ts'
import { emulationReport } from '../src/report.ts'
import { callGreen, type Callable } from '../src/rt/index.ts'
import { setExact } from '../src/rt/install.ts'
import * as libraries from './helpers/corpus.ts'
import { seen, suspensions } from './helpers/corpus.ts'

interface Scenario {
  readonly library: string
  readonly title: string
  readonly least: number
  readonly run: (folder: string) => unknown
}

interface Corpus {
  readonly scenarios: readonly Scenario[]
  seed(folder: string): void
}

const native = libraries.nativeCorpus<Corpus>()
const MANY = 20

describe.skipIf(libraries.isMissing)(
  libraries.titled('unmodified libraries'),
  { timeout: 120_000 },
  () => {
    let green: Corpus
    let before: boolean
    const folders = libraries.newFolders(MANY)
    beforeAll(() => {
      libraries.useCorpusCache()
      prepare()
      before = setExact(true)
      green = new Graph({ include: undefined, exclude: undefined }).load(
        libraries.corpus,
        null,
      ) as Corpus
    })
    afterAll(() => setExact(before))

    const greenly = async (index: number, folder: string): Promise<string> => {
      const { run } = green.scenarios[index]!
      try {
        return seen(
          await withTimeout(60_000, () => callGreen(run as Callable, undefined, [folder])),
          folder,
        )
      } catch (error) {
        return seen(error, folder)
      }
    }

    it.each(native.scenarios.map((scenario, index) => ({ ...scenario, index })))(
      '$library $title: green equals native, and suspends',
      async ({ index, run, least }) => {
        const folder = folders[0]!
        native.seed(folder)
        let expected
        try {
          expected = seen(run(folder), folder)
        } catch (error) {
          expected = seen(error, folder)
        }
        native.seed(folder)
        const start = suspensions()
        expect(await greenly(index, folder)).toBe(expected)
        expect(suspensions() - start).toBeGreaterThanOrEqual(least)
      },
    )

    it('has compiled every file', () => {
      const { files } = emulationReport()
      const left = files.filter(({ compiled }) => !compiled).map(({ reason }) => reason)
      // `require` of an ES module gives the process's own.
      expect(left.filter((reason) => reason !== 'module loaded by require')).toEqual([])
      expect(files.length).toBeGreaterThan(600)
    })

    const concurrent = native.scenarios
      .map(({ library, title }, index) => ({ library, title, index }))
      .filter(({ library }) => isConcurrent(library.split(' ')[0]!))

    it.each(concurrent)(
      '$library $title: 20 greenlets at once get what each gets alone',
      async ({ index }) => {
        native.seed(folders[0]!)
        const alone = await greenly(index, folders[0]!)
        for (const folder of folders) native.seed(folder)
        const together = await Promise.all(folders.map((folder) => greenly(index, folder)))
        expect(together).toEqual(folders.map(() => alone))
      },
    )
  },
)
