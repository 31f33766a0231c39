// Makes the pictures of docs/dashboard.md: runs the demo, opens it in Chromium, and takes one in each theme.
// `node packages/backdoor/scripts/screenshots.mjs` after `npm run build`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url))
const demo = fileURLToPath(new URL('demo.mjs', import.meta.url))
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const SECONDS = Number(process.env.SECONDS ?? 45)

await mkdir(folder, { recursive: true })
const program = spawn(process.execPath, [demo, ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [line] = await once(program.stdout, 'data')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } })
  page.on('console', (message) => console.log(message.text()))
  page.on('pageerror', (error) => console.log(error))
  await page.goto(String(line).trim())
  const table = page.getByRole('treegrid')
  await page.getByRole('searchbox').fill('nightly')
  await table.locator('.name .text', { hasText: 'nightly report' }).click()
  await page.getByRole('searchbox').fill('')
  await page.getByRole('searchbox').blur()
  await page.waitForTimeout(SECONDS * 1000)
  for (const theme of ['light', 'dark']) {
    await page.getByRole('combobox').selectOption(theme)
    await page.mouse.move(0, 0)
    await page.waitForTimeout(700)
    await page.screenshot({ path: `${folder}dashboard-${theme}.png` })
  }
} finally {
  await browser.close()
  program.kill()
}
