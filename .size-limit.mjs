// One run over all packages: each names its budget (brotli) as `size-limit` in its package.json.
import { existsSync, readFileSync, readdirSync } from 'node:fs'

export default readdirSync('packages').flatMap((name) => {
  const manifest = `packages/${name}/package.json`
  if (!existsSync(manifest)) return []
  const { name: title, 'size-limit': budgets = [] } = JSON.parse(readFileSync(manifest, 'utf8'))
  return budgets.map(({ path, limit }) => ({
    name: title,
    path: `packages/${name}/${path}`,
    limit,
  }))
})
