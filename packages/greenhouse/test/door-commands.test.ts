import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runBackdoor } from '@greenhouse/backdoor'
import { end, runProcess, schedule, type Greenlet } from 'greenhouse'

const helper = fileURLToPath(new URL('helpers/door.ts', import.meta.url))
const token = 'correct horse battery'
const unheard = () => {}
let folder = ''
let path = ''
let door: Greenlet

beforeAll(async () => {
  subscribe('greenhouse:log', unheard)
  folder = await mkdtemp(join(tmpdir(), 'greenhouse-'))
  path = join(folder, 'door')
  await writeFile(join(folder, 'token'), `${token}\n`)
  await new Promise<void>((resolve, reject) => {
    door = schedule(() =>
      runBackdoor(`unix:${path}`, {
        auth: { token },
        banner: 'Hello',
        namespace: { answer: 42 },
        onListening: () => resolve(),
      }),
    )
    door.join().catch(reject)
  })
})

afterAll(async () => {
  end(door)
  await door.join().catch(() => {})
  await rm(folder, { recursive: true })
  unsubscribe('greenhouse:log', unheard)
})

async function greenhouse(args: string[], input = ''): Promise<{ out: string; err: string }> {
  const flags = ['--conditions=@greenhouse/source', '--import', 'tsx', helper]
  const { stdout, stderr } = await runProcess(process.execPath, [...flags, ...args], {
    input,
    check: false,
  })
  return { out: String(stdout), err: String(stderr) }
}

describe('greenhouse backdoor', () => {
  it('sends what comes from a pipe, and shows the answers', async () => {
    const args = ['backdoor', `unix:${path}`, '--token-file', join(folder, 'token')]
    expect(await greenhouse(args, 'answer + 1\n')).toEqual({ out: 'Hello\n> 43\n> ', err: '' })
  })

  it('asks the stuck line with --stuck', async () => {
    const { out } = await greenhouse(['backdoor', `unix:${path}`, '--stuck', '--token', token])
    expect(out).toMatch(/^The event loop of process \d+ turns/)
  })

  it('says in a line what is wrong', async () => {
    const { out, err } = await greenhouse(['backdoor', `unix:${path}`])
    expect([out, err]).toEqual(['', 'greenhouse: The backdoor asks for a token\n'])
  })
})

describe('greenhouse top', () => {
  it('shows one look where there is no terminal', async () => {
    const args = ['top', `unix:${path}`, '--token', token, '--interval', '0.1', '--sort', 'wait']
    const { out, err } = await greenhouse(args)
    expect(out).toMatch(new RegExp(`^process ${process.pid}, Node v`))
    expect(out).toMatch(/id +run +switches +waited[^]*Listener.accept/)
    expect(err).toBe('')
  })
})
