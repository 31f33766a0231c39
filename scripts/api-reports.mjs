// Compares the public signatures of every built entry with its report, packages/X/etc/ENTRY.api.md.
// `--update` renews the reports instead.
import { mkdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { publishedPackages } from './packages.mjs'
import { root } from './run.mjs'

const update = process.argv.includes('--update')
const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
}

const stale = []
for (const { dir, manifest } of publishedPackages()) {
  for (const target of Object.values(manifest.exports)) {
    const typings = target.import?.types
    if (typings !== undefined && !report(dir, typings)) stale.push(reportFile(dir, typings))
  }
}

if (update) {
  console.log('API reports renewed')
} else if (stale.length > 0) {
  console.error(`Public signatures changed:\n  ${stale.join('\n  ')}\nRun: npm run api:update`)
  process.exitCode = 1
}

/** Makes one report; true when it is as committed. */
function report(dir, typings) {
  const reportFolder = join(dir, 'etc')
  const reportTempFolder = join(dir, '.turbo/api')
  mkdirSync(reportFolder, { recursive: true })
  mkdirSync(reportTempFolder, { recursive: true })
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(dir, 'package.json'),
    configObject: {
      projectFolder: dir,
      mainEntryPointFilePath: join(dir, typings),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, include: ['dist/**/*.d.ts'] } },
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder,
        reportFileName: basename(reportFile(dir, typings)),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
  })
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: onlyCompilerErrors,
  })
  return !result.apiReportChanged
}

/** Release tags and remarks are not asked for here; a typing that does not compile is. */
function onlyCompilerErrors(message) {
  message.handled = message.category !== 'Compiler'
}

function reportFile(dir, typings) {
  return relative(root, join(dir, 'etc', `${basename(typings, '.d.ts')}.api.md`))
}
