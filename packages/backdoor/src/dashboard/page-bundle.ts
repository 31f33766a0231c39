// In the repository the page is bundled when it is first asked for; the package's build puts the result in place of this module.
import { buildPage, type PageBundle } from '../../page/build.ts'

export const bundle: PageBundle = await buildPage()
