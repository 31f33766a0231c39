// Stands for `import.meta.url` in CJS builds; injected only where it is used.
import { pathToFileURL } from 'node:url'

export const importMetaUrl = /* @__PURE__ */ (() => pathToFileURL(__filename).href)()
