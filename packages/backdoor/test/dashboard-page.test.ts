// The page in a real browser. Where there is none the tests are skipped, and say so; they are required where GREENHOUSE_SERVICES is.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { end, greenlet, pauseFor, schedule, type Greenlet } from '@greenhouse/scheduler'
import { Lock, Queue } from '@greenhouse/util'
import type { DashboardOptions } from '@greenhouse/backdoor'
import { dashboard, TOKEN } from './dashboard-support.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const there = existsSync(executablePath)
const required = process.env['GREENHOUSE_SERVICES'] === 'required'
const title = `the page${there ? '' : ` (skipped: no ${executablePath}; \`apt-get install chromium\`)`}`

const started: Greenlet[] = []
let browser: Browser

function start(name: string, body: () => Generator): Greenlet {
  const made = greenlet(body as () => Generator<never>, { name })
  started.push(made)
  return schedule(made)
}

describe.skipIf(!there && !required)(title, () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    for (const each of started.splice(0)) {
      end(each)
      await each.join().catch(() => {})
    }
  })

  /** Opens the page of a new dashboard; what the browser complains about is collected. */
  async function open(
    options: DashboardOptions = {},
  ): Promise<{ page: Page; url: string; errors: string[] }> {
    const { url } = await dashboard({ intervalMs: 100, ...options })
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } })
    const errors: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text())
    })
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(url)
    return { page, url, errors }
  }

  const row = (page: Page, name: string) =>
    page.locator('.row', { has: page.locator('.name .text', { hasText: new RegExp(`^${name}$`) }) })

  it('shows a busy program: greenlets appear, are found, are ended and go, and the plots move', async () => {
    const queue = new Queue<number>(5, { name: 'jobs' })
    const lock = new Lock({ name: 'ledger' })
    const parent = start('parent', function* () {
      for (let i = 0; i < 3; i++) {
        start(`child ${i}`, function* () {
          yield* pauseFor(600_000)
        })
      }
      yield* pauseFor(600_000)
    })
    start('producer', function* () {
      for (let i = 0; ; i++) {
        yield* pauseFor(3)
        yield* queue.put(i)
      }
    })
    const consumer = start('consumer', function* () {
      for (;;) yield* queue.get()
    })
    start('owner', function* () {
      yield* lock.acquire()
      yield* pauseFor(600_000)
    })
    start('waiter', function* () {
      yield* lock.acquire()
    })
    const { page, errors } = await open({ allow: ['inspect', 'act', 'record'] })

    await row(page, 'consumer').waitFor()
    expect(await row(page, 'parent').getAttribute('aria-level')).toBe('1')
    expect(await row(page, 'child 1').getAttribute('aria-level')).toBe('2')
    expect(await row(page, 'waiter').innerText()).toContain('held by')
    await page.locator('.line.is-live').waitFor()

    // Filter by name, by state, and by what is waited for.
    const search = page.getByRole('searchbox')
    await search.fill('child')
    await vi.waitFor(async () => expect(await page.locator('.row:not(.faint)').count()).toBe(3))
    expect(await page.locator('.row.faint .name .text').allInnerTexts()).toEqual(['parent'])
    await search.fill('is:running')
    await vi.waitFor(async () =>
      expect(await page.locator('.row:not(.faint) .state').allInnerTexts()).toEqual(['running']),
    )
    await search.fill('waits:lock.acq')
    await row(page, 'waiter').waitFor()
    await search.press('Escape')

    // The lock with its owner, the queue with its depth.
    const locks = page.getByRole('region', { name: 'Locks' })
    expect(await locks.locator('tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/ledger Lock\s+\d+ owner\s+1/),
    ])
    expect(await page.getByRole('region', { name: 'Pools and queues' }).innerText()).toMatch(
      /jobs Queue\s+\d+ \/ 5/,
    )

    // Plots move: their newest picture differs from the one before, and their figures are there.
    const plot = page.locator('.plots canvas').nth(1)
    const before = await plot.screenshot()
    await vi.waitFor(async () => expect((await plot.screenshot()).equals(before)).toBe(false), 5000)
    expect(await page.locator('.plots figcaption').nth(1).innerText()).toMatch(/[1-9]\d*/)

    // So does the timeline.
    const strip = await row(page, 'consumer')
      .locator('canvas')
      .evaluate((canvas) => {
        const { width, height } = canvas as unknown as { width: number; height: number }
        const context = (
          canvas as unknown as {
            getContext(kind: '2d'): {
              getImageData(x: number, y: number, w: number, h: number): { data: number[] }
            }
          }
        ).getContext('2d')
        return [...context.getImageData(width - 2, height / 2, 1, 1).data]
      })
    expect(strip[3]).toBeGreaterThan(0)

    // End one: the first press asks, the second acts.
    await row(page, 'consumer').click()
    await page.getByRole('button', { name: 'End', exact: true }).click()
    expect(consumer.state).not.toBe('ended')
    await page.getByRole('button', { name: 'Really end?' }).click()
    await row(page, 'consumer').waitFor({ state: 'detached' })
    expect(consumer.state).toBe('ended')
    expect(await page.locator('.said').innerText()).toBe(`Ended greenlet ${consumer.id} consumer`)
    await page.getByText('It has gone.').waitFor()

    // Interrupt one.
    parent.join().catch(() => {})
    await row(page, 'parent').click()
    await page.getByRole('button', { name: 'Interrupt' }).click()
    await page.getByRole('button', { name: 'Really interrupt?' }).click()
    await vi.waitFor(() => expect(parent.error).toMatchObject({ name: 'Interrupted' }))

    // Record, and save what opens in Perfetto.
    await page.getByRole('button', { name: 'Record 3 s' }).click()
    await page.getByText('The timeline shows a recording').waitFor({ timeout: 8000 })
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save for Perfetto' }).click()
    const events = JSON.parse(await readFile(await (await saving).path(), 'utf8')) as object[]
    expect(events).toContainEqual(expect.objectContaining({ ph: 'X', name: 'pauseFor' }))
    await page.getByRole('button', { name: 'Back to live' }).click()
    expect(errors).toEqual([])
  }, 60_000)

  it('is worked by keys, and says to screen readers what there is', async () => {
    start('root', function* () {
      for (const name of ['first', 'second']) {
        start(name, function* () {
          yield* pauseFor(600_000)
        })
      }
      yield* pauseFor(600_000)
    })
    const { page, errors } = await open()
    await row(page, 'second').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('root')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('searchbox').inputValue()).toBe('')
    const grid = page.getByRole('treegrid', { name: 'Greenlets' })
    await grid.focus()
    await page.keyboard.press('Home')
    expect(await grid.getAttribute('aria-activedescendant')).toBe('greenlet-0')
    await row(page, 'root').click()
    await page.keyboard.press('ArrowLeft')
    await row(page, 'second').waitFor({ state: 'detached' })
    expect(await row(page, 'root').getAttribute('aria-expanded')).toBe('false')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await vi.waitFor(async () =>
      expect(await row(page, 'first').getAttribute('aria-selected')).toBe('true'),
    )
    await page.keyboard.press('ArrowLeft')
    await vi.waitFor(async () =>
      expect(await row(page, 'root').getAttribute('aria-selected')).toBe('true'),
    )
    // Without the rights there are no buttons.
    expect(await page.getByRole('button', { name: /^(End|Interrupt|Record)/ }).count()).toBe(0)
    expect(errors).toEqual([])
  }, 60_000)

  it('opens by the login form alone, with the token in no address, and is light or dark', async () => {
    const { page, url, errors } = await open({ auth: { token: TOKEN } })
    const addresses: string[] = []
    page.on('request', (request) => addresses.push(request.url()))
    await page.getByLabel('Token').fill('not the token at all')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.locator('.line.is-live').waitFor()
    expect(page.url()).toBe(`${url}/`)
    expect(
      addresses.filter((address) => address.includes('token') || address.includes(TOKEN)),
    ).toEqual([])
    const back = () =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>
    await page.emulateMedia({ colorScheme: 'dark' })
    await vi.waitFor(async () => expect(await back()).toBe('rgb(18, 21, 20)'))
    await page.getByRole('combobox').selectOption('light')
    await vi.waitFor(async () => expect(await back()).toBe('rgb(246, 246, 244)'))
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    expect(errors.filter((error) => !error.includes('401'))).toEqual([])
  }, 60_000)

  it('runs nothing that is injected: names are text, and scripts and frames are refused', async () => {
    start('<img src=x onerror="document.title=1"><b>bold</b>', function* () {
      yield* pauseFor(600_000)
    })
    const { page, errors } = await open()
    await page.getByRole('searchbox').fill('bold')
    await page.locator('.row:not(.faint)').first().waitFor()
    expect(await page.locator('.row .name .text').last().innerText()).toContain('<img src=x')
    expect(await page.title()).toBe('greenhouse')
    expect(errors).toEqual([])
    const blocked = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective))
      const script = document.createElement('script')
      script.append('document.title = 2')
      document.head.append(script)
    })`)
    await expect(blocked.catch((error: Error) => error.message)).resolves.toMatch(
      /^(script-src|require-trusted-types)/,
    )
    expect(await page.title()).toBe('greenhouse')
  }, 60_000)
})
