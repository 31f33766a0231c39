// Whether 10,000 greenlets slow the page: pictures a second and long tasks in Chromium while the demo runs with so many, at rest,
// while scrolling, and while typing a filter. `node packages/backdoor/bench/page.bench.mjs [greenlets]` after `npm run build`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const demo = fileURLToPath(new URL('../scripts/demo.mjs', import.meta.url))
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const greenlets = process.argv[2] ?? '10000'
const SECONDS = 8

const program = spawn(process.execPath, [demo, greenlets], { stdio: ['ignore', 'pipe', 'inherit'] })
const [line] = await once(program.stdout, 'data')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 860 } })
  await page.goto(String(line).trim())
  await page.locator('.row').nth(20).waitFor()
  await page.waitForTimeout(3000)
  const table = page.getByRole('treegrid')
  console.log(await page.locator('.plots figcaption').nth(2).innerText())
  report('at rest', await measure(page, () => page.waitForTimeout(SECONDS * 1000)))
  report(
    'scrolling',
    await measure(page, async () => {
      const until = Date.now() + SECONDS * 1000
      await table.hover()
      while (Date.now() < until) await page.mouse.wheel(0, 400)
    }),
  )
  report(
    'filtering',
    await measure(page, async () => {
      const until = Date.now() + SECONDS * 1000
      while (Date.now() < until) {
        await page.getByRole('searchbox').fill('')
        await page.getByRole('searchbox').pressSequentially('sensor 77', { delay: 60 })
      }
    }),
  )
  const heap = await page.evaluate('performance.memory.usedJSHeapSize')
  console.log(`the page holds ${(heap / 1e6).toFixed(0)} MB`)
} finally {
  await browser.close()
  program.kill()
}

/** Counts pictures and long tasks while something is done. */
async function measure(page, act) {
  await page.evaluate(`{
    const seen = (globalThis.seen = { gaps: [], long: [], on: true })
    new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' })
    let last = performance.now()
    requestAnimationFrame(function next(now) {
      seen.gaps.push(now - last)
      last = now
      if (seen.on) requestAnimationFrame(next)
    })
  }`)
  await act()
  return await page.evaluate('((seen.on = false), { gaps: seen.gaps, long: seen.long })')
}

function report(what, { gaps, long }) {
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(0)
  const worst = Math.round(Math.max(0, ...long))
  console.log(
    `${what}: ${(gaps.length / SECONDS).toFixed(0)} pictures a second, gaps ${at(0.5)} ms (median), ${at(0.99)} ms (99 %); ` +
      `${long.length} tasks over 50 ms, the longest ${worst} ms`,
  )
}
