// The three kinds of jobs, as one: each calls `fn` in the middle of a wait.
import { pause, pauseFor } from '@greenhouse/scheduler'
import { expect } from 'vitest'

type Job = (n: number) => never

/** Jobs that wait `ms(n)` and then give, or throw, what `fn(n)` does. The plain one cannot wait. */
export function kindsOf(
  fn: (n: number) => unknown,
  ms: (n: number) => number = () => 0,
): [string, Job][] {
  const jobs = [
    [
      'async',
      async (n: number) => {
        await pauseFor(ms(n))
        return fn(n)
      },
    ],
    [
      'generator',
      function* (n: number) {
        yield* pauseFor(ms(n))
        return fn(n)
      },
    ],
    [
      'transpiled generator',
      (n: number) =>
        (function* () {
          yield* pauseFor(ms(n))
          return fn(n)
        })(),
    ],
    ['plain', (n: number) => fn(n)],
    ['plain, giving a Blocking', (n: number) => pauseFor(ms(n)).then(() => fn(n))],
  ]
  return jobs as [string, Job][]
}

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** Lets everything that is ready run, several times over. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await pause()
}

export const failing = (code: string): unknown => expect.objectContaining({ code })
