// Writes each package's version into its src/version.ts, after `changeset version`.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publishedPackages } from './packages.mjs'

for (const { dir, manifest } of publishedPackages()) {
  const file = join(dir, 'src/version.ts')
  if (existsSync(file)) {
    writeFileSync(
      file,
      `/** The version of \`${manifest.name}\`. */\nexport const VERSION: string = '${manifest.version}'\n`,
    )
  }
}
