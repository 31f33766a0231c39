// Creates packages/NAME with the non-source files that every published package has.
// Usage: node scripts/new-package.mjs NAME "One sentence" [--deps scheduler,util] [--subpaths workers]
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './run.mjs'

const REPOSITORY = 'https://github.com/greenhouse-js/greenhouse'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    deps: { type: 'string', default: 'scheduler' },
    subpaths: { type: 'string', default: '' },
  },
})
const [name, description] = positionals
const dir = join(root, 'packages', name ?? '')
if (!/^[a-z-]+$/.test(name ?? '') || !description) fail('Expected NAME and a sentence about it')
if (existsSync(dir)) fail(`packages/${name} is there already`)

mkdirSync(join(dir, 'src'), { recursive: true })
copyFileSync(join(root, 'LICENSE'), join(dir, 'LICENSE'))
write('package.json', `${JSON.stringify(manifest(), null, 2)}\n`)
write('tsconfig.json', '{\n  "extends": "../../tsconfig.base.json",\n  "include": ["src"]\n}\n')
write(
  'tsup.config.ts',
  "import { definePackage } from '../../tsup.base.ts'\nexport default definePackage()\n",
)
write(
  'README.md',
  `# @greenhouse/${name}\n\n${description}.\n\n\`\`\`sh\nnpm install @greenhouse/${name}\n\`\`\`\n`,
)
console.log(`packages/${name} is there. Next:
  write src/index.ts and src/version.ts, npm install, npm run api:update, npx changeset`)

function manifest() {
  const entries = ['index', ...list(values.subpaths)]
  return {
    name: `@greenhouse/${name}`,
    version: '1.0.0',
    description,
    keywords: ['coroutines', 'greenlets', 'concurrency', 'scheduler'],
    homepage: `${REPOSITORY}/tree/main/packages/${name}#readme`,
    bugs: `${REPOSITORY}/issues`,
    license: 'MIT',
    author: 'The greenhouse authors',
    repository: {
      type: 'git',
      url: `git+${REPOSITORY}.git`,
      directory: `packages/${name}`,
    },
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    files: ['dist', 'src'],
    main: './dist/index.cjs',
    types: './dist/index.d.cts',
    exports: {
      ...Object.fromEntries(entries.map(exportOf)),
      './package.json': './package.json',
    },
    scripts: {
      build: 'tsup',
      'check:package': 'publint --strict && attw --pack . --profile node16',
    },
    dependencies: Object.fromEntries(
      list(values.deps).map((dep) => [`@greenhouse/${dep}`, '^1.0.0']),
    ),
    publishConfig: { access: 'public' },
    'size-limit': [{ path: 'dist/*.js', limit: '10 kB' }],
  }
}

function exportOf(entry) {
  const esm = { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` }
  return [
    entry === 'index' ? '.' : `./${entry}`,
    {
      '@greenhouse/source': `./src/${entry}.ts`,
      import: esm,
      'module-sync': esm,
      require: { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` },
    },
  ]
}

function list(text) {
  return text.split(',').filter(Boolean).sort()
}

function write(file, text) {
  writeFileSync(join(dir, file), text)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
