import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

describe('changeset gate', () => {
  let repo: string

  beforeEach(() => {
    repo = mkdtempSync(join(tmpdir(), 'greenhouse-gate-test-'))
    write('package.json', JSON.stringify({ private: true, workspaces: ['packages/*'] }))
    cpSync(join(root, '.changeset/config.json'), join(repo, '.changeset/config.json'), {
      recursive: true,
    })
    for (const name of ['a', 'b']) {
      write(`packages/${name}/package.json`, JSON.stringify({ name, version: '1.0.0' }))
      write(`packages/${name}/src/index.ts`, '')
    }
    git('init', '--quiet', '--initial-branch=main')
    commit('Start')
  })

  afterEach(() => rmSync(repo, { recursive: true, force: true }))

  it('asks for every package before the first version commit', () => {
    addChangeset('a')
    expect(gate()).toMatchObject({ status: 1, text: expect.stringMatching(/no changeset: b$/m) })
    addChangeset('b')
    expect(gate().status).toBe(0)
  })

  it('passes when nothing changed since the version commit', () => {
    release()
    expect(gate().status).toBe(0)
  })

  it('fails when a changed package has no changeset', () => {
    release()
    change('a')
    expect(gate().status).toBe(1)
  })

  it('passes when the changed package has a changeset', () => {
    release()
    change('a')
    addChangeset('a')
    expect(gate()).toMatchObject({ status: 0 })
  })

  it('fails when only another package has a changeset', () => {
    release()
    change('a')
    addChangeset('b')
    expect(gate()).toMatchObject({ status: 1, text: expect.stringContaining('no changeset: a') })
  })

  it('asks for nothing when only tests changed', () => {
    release()
    write('packages/a/test/a.test.ts', '')
    commit('Test a')
    expect(gate().status).toBe(0)
  })

  function release(): void {
    for (const name of ['a', 'b']) write(`packages/${name}/CHANGELOG.md`, '## 1.0.0\n')
    commit('Version packages')
  }

  function change(name: string): void {
    write(`packages/${name}/src/index.ts`, 'export {}\n')
    commit(`Change ${name}`)
  }

  function addChangeset(name: string): void {
    write(`.changeset/change-${name}.md`, `---\n'${name}': patch\n---\n\nChange ${name}.\n`)
    commit(`Describe ${name}`)
  }

  function gate(): { status: number | null; text: string } {
    const script = join(root, 'scripts/changeset-gate.mjs')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, repo], {
      encoding: 'utf8',
    })
    return { status, text: stdout + stderr }
  }

  function commit(message: string): void {
    git('add', '--all')
    git('-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', message)
  }

  function git(...args: string[]): void {
    execFileSync('git', args, { cwd: repo })
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(repo, path)), { recursive: true })
    writeFileSync(join(repo, path), text)
  }
})
