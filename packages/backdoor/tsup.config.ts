import { resolve } from 'node:path'
import { buildPage } from './page/build.ts'
import { definePackage } from '../../tsup.base.ts'

/** Puts the bundled page in place of the module that bundles it. */
const page = {
  name: 'page',
  setup(build) {
    build.onLoad({ filter: /dashboard[\\/]page-bundle\.ts$/ }, async () => ({
      contents: `export const bundle = ${JSON.stringify(await buildPage(resolve('page')))}`,
      loader: 'js',
    }))
  },
}

export default definePackage({ plugins: [page] })
