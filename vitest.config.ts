// Three projects: `unit` on sources, `dist` on what is built and packed, `docs` on documentation.
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { docBlocks } from './scripts/docs/plugin.ts'

const conditions = ['@greenhouse/source', 'module', 'node', 'development|production']
const onSources = { resolve: { conditions }, ssr: { resolve: { conditions } } }
const setupFiles = ['@greenhouse/test-kit/setup']
const exclude = ['**/node_modules/**', '**/dist/**']
// Nothing is said by how long something takes on a busy machine.
const patient = { poll: { timeout: 10_000, interval: 20 } }

/** What runs programs is short to read and takes long: it comes first, so that it is not left running alone at the end. */
class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /(?:differential|corpus|command\.dist)\.test\.ts$/.test(moduleId)
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ProgramsFirst },
    pool: 'forks',
    execArgv: ['--expose-gc'],
    // Most tests wait: one worker, as there is by default on two processors, would leave them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    passWithNoTests: true,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['packages/test-kit/**'],
      thresholds: { lines: 90 },
    },
    projects: [
      {
        ...onSources,
        test: {
          name: 'unit',
          pool: 'forks',
          expect: patient,
          execArgv: ['--expose-gc'],
          setupFiles,
          include: [
            'packages/*/test/**/*.test.ts',
            'scripts/test/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          exclude: [...exclude, '**/*.dist.test.ts'],
          testTimeout: 15_000,
          typecheck: {
            enabled: true,
            include: ['packages/*/test/**/*.test-d.ts'],
            tsconfig: 'tsconfig.json',
          },
        },
      },
      {
        test: {
          name: 'dist',
          pool: 'forks',
          expect: patient,
          execArgv: ['--expose-gc'],
          setupFiles,
          include: ['packages/*/test/**/*.dist.test.ts', 'scripts/test/**/*.dist.test.ts'],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...onSources,
        plugins: [docBlocks()],
        test: {
          name: 'docs',
          pool: 'forks',
          setupFiles,
          include: ['scripts/docs/docs.test.ts'],
          exclude,
          // The first block loads all packages, which takes long on a busy machine.
          testTimeout: 60_000,
        },
      },
    ],
  },
})
