// The scoped use of a pool: closed when the body is done or has failed, in the manner of the body.
import type { Steps } from '@greenhouse/scheduler'
import { isObject, isSteps } from './body.ts'
import type { Crew } from './crew.ts'

/** Calls `body`; gives a generator to be delegated to when it gave one, else a promise. */
export function useCrew(crew: Crew, body: () => unknown): unknown {
  let given: unknown
  try {
    given = body()
  } catch (error) {
    given = Promise.reject(error)
  }
  return isObject(given) && isSteps(given) ? stepAndClose(crew, given) : awaitAndClose(crew, given)
}

function* stepAndClose(crew: Crew, steps: Steps<unknown>): Steps<unknown> {
  try {
    return yield* steps
  } finally {
    yield* crew.close()
  }
}

async function awaitAndClose(crew: Crew, given: unknown): Promise<unknown> {
  try {
    return await given
  } finally {
    await crew.close()
  }
}
