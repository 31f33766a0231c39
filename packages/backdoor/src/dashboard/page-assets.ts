// The files of the page. They are loaded when a dashboard starts, and not with the package.
import type { Steps } from '@greenhouse/scheduler'
import type { PageBundle } from '../../page/build.ts'
import { settled } from './settled.ts'

/** What is served. */
export interface PageAssets extends PageBundle {
  /** The login form after a token that was not taken. */
  readonly refused: Readonly<Record<'wrong' | 'locked', string>>
}

/** Loads the files of the page. */
export function* loadPageAssets(): Steps<PageAssets> {
  const { bundle } = yield* settled('dashboard.load', import('./page-bundle.ts'))
  const saying = (message: string) =>
    bundle.login.replace('<!-- message -->', `<p role="alert">${message}</p>`)
  return {
    ...bundle,
    refused: {
      wrong: saying('This is not the token.'),
      locked: saying('Too many wrong tokens: wait a minute, then try again.'),
    },
  }
}
