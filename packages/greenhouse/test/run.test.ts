import { describe, expect, it } from 'vitest'
import { ran, written, type Way } from './helpers/command.ts'

const ways: Way[] = ['run', 'register']

describe('a program run green', { timeout: 60_000 }, () => {
  it.each(ways)('is a program as under plain node (%s)', async (way) => {
    const folder = written({
      'package.json': '{}',
      'app.js': `#!/usr/bin/env node
        'use strict'
        const { execSync } = require('child_process')
        const fs = require('fs')
        const lib = require('./lib')
        console.log(process.argv.length, process.argv.slice(2), process.argv[1], __filename)
        console.log(require.main === module, this === module.exports, typeof exports, arguments.length)
        console.log((function () { return this })(), lib.read(__filename) > 100)
        console.log(fs.readFileSync(0, 'utf8').toUpperCase())
        process.on('exit', (code) => console.log('exit', code, execSync('echo at the end') + ''))
        setTimeout(() => console.log('timer', execSync('echo in a timer') + ''), 5)
        fs.readFile(__filename, 'utf8', (error, text) => {
          console.log('read', text.length, execSync('echo in a callback') + '')
          process.exitCode = 7
        })
        Promise.resolve(1).then((x) => x + Number(execSync('echo 1'))).then((x) => console.log('then', x))`,
      'lib.js': `exports.read = (file) => require('fs').readFileSync(file, 'utf8').length`,
    })
    const args = ['app.js', 'a', '--exact', '-x']
    const native = await ran('node', folder, args, { input: 'some words' })
    const green = await ran(way, folder, args, { input: 'some words' })
    const sorted = ({ stdout, ...rest }: typeof green) => ({
      ...rest,
      stdout: stdout.split('\n').sort(),
    })
    expect(sorted(green)).toEqual(sorted(native))
    expect(native.code).toBe(7)
  })

  it('lets timers and requests overlap, and the events of one emitter come one after another', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `
        const { execSync } = require('child_process')
        const log = []
        const work = (name) => { log.push(name + ' begins'); execSync('sleep ' + (name === 'data a' ? 1 : .2)); log.push(name + ' ends') }
        setTimeout(work, 1, 'timer 1')
        setTimeout(work, 1, 'timer 2')
        const child = require('child_process').spawn('sh', ['-c', 'echo a; sleep .5; echo b'])
        child.stdout.on('data', (chunk) => work('data ' + String(chunk).trim()))
        child.stdout.on('end', () => log.push('end'))
        child.stdout.on('close', () => work('close'))
        process.on('exit', () => console.log(JSON.stringify(log)))`,
    })
    const { stdout, stderr } = await ran('run', folder, ['app.js'])
    expect(stderr).toBe('')
    const log = JSON.parse(stdout) as string[]
    const timers = log.filter((line) => line.startsWith('timer'))
    expect(timers.slice(0, 2)).toEqual(['timer 1 begins', 'timer 2 begins'])
    const events = log.filter((line) => !line.startsWith('timer'))
    expect(events).toEqual([
      'data a begins',
      'data a ends',
      'data b begins',
      'data b ends',
      'end',
      'close begins',
      'close ends',
    ])
  })

  it('runs ES modules, with imports, top-level await and a body that suspends', async () => {
    const folder = written({
      'app.mjs': `import { execSync } from 'node:child_process'
        import { size } from './dep.mjs'
        let ticks = 0
        const timer = setInterval(() => ticks++, 5)
        console.log(execSync('sleep .3; echo done', { encoding: 'utf8' }).trim(), size())
        clearInterval(timer)
        const { size: again } = await import('./text.cjs').then((module) => module.default)
        if (again !== size) console.log('another copy')
        console.log(ticks > 3, import.meta.url.endsWith('app.mjs'), await Promise.resolve('awaited'))`,
      'text.cjs': `const load = () => { const go = new Function('name', 'return import(name)'); return go('./dep.mjs') }
        var other = new Function('name', 'return import(name)'), x = require('fs').readFileSync(__filename)
        module.exports = load().then(() => other('./dep.mjs'))`,
      'dep.mjs': `import { readFileSync } from 'node:fs'
        export const size = () => readFileSync(new URL(import.meta.url)).length > 10`,
    })
    const { stdout, stderr, code } = await ran('run', folder, ['app.mjs'])
    expect([stdout, stderr, code]).toEqual(['done true\ntrue true awaited\n', '', 0])
  })

  it('suspends in the bodies of the modules that a script requires', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `let ticks = 0
        const timer = setInterval(() => ticks++, 5)
        const { said, inner } = require('./dep')
        clearInterval(timer)
        console.log(said, inner, ticks > 3, require.cache[require.resolve('./dep')].loaded)
        process.on('exit', () => console.log(late))
        let late
        setTimeout(() => { late = [require('./late').word, module.require('./late').word] }, 1)
        try { require('./broken') } catch (error) { console.log(error.name, error.stack.includes('broken.js:3')) }`,
      'dep.js': `const { execSync } = require('child_process')
        exports.said = execSync('sleep .2; echo said', { encoding: 'utf8' }).trim()
        exports.inner = require('./inner')`,
      'inner.js': `module.exports = require('child_process').execSync('echo inner') + ''`,
      'late.js': `exports.word = require('child_process').execSync('echo late') + ''`,
      'broken.js': `require('child_process').execSync('true')

        throw new RangeError('x')`,
    })
    const { stdout, stderr } = await ran('explain', folder, ['app.js'])
    expect(stdout).toBe("said inner\n true true\nRangeError true\n[ 'late\\n', 'late\\n' ]\n")
    expect(stderr).not.toContain('execSync at')
  })

  it('suspends in what an ES module requires, and gives it what scripts export', async () => {
    const folder = written({
      'app.mjs': `import { createRequire } from 'node:module'
        import whole, { later } from './dep.cjs'
        let ticks = 0
        const timer = setInterval(() => ticks++, 5)
        const { said } = createRequire(import.meta.url)('./slow.cjs')
        clearInterval(timer)
        console.log(said, ticks > 3, later(), whole.later === later)
        console.log((await import('./slow.cjs')).default.said)`,
      'dep.cjs': `exports.later = () => Number(require('child_process').execSync('echo 3'))`,
      'slow.cjs': `exports.early = 1
        module.exports = { said: require('child_process').execSync('sleep .2; echo said', { encoding: 'utf8' }).trim() }`,
    })
    const { stdout, stderr } = await ran('explain', folder, ['app.mjs'])
    expect(stdout).toBe('said true 3 true\nsaid\n')
    expect(stderr).not.toContain('execSync at')
  })

  it('counts what Node itself calls and cannot wait for', async () => {
    const folder = written({
      'app.mjs': `import './dep.cjs'
        import { execSync } from 'node:child_process'
        import { Readable } from 'node:stream'
        new Readable({ read() { execSync('true'); this.push(null) } }).resume()`,
      'dep.cjs': `require('child_process').execSync('true')`,
    })
    const { stderr } = await ran('explain', folder, ['app.mjs'])
    expect(stderr).toMatch(/Really blocked:[^]*child_process\.execSync at dep\.cjs:1/)
    expect(stderr).toMatch(/Really blocked:[^]*child_process\.execSync at app\.mjs:4/)
  })

  it('lets callbacks and async functions wait for longer than what began them', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `const { execSync } = require('child_process')
        const f = async (s) => { await null; return execSync('sleep ' + s + '; echo async', { encoding: 'utf8' }).trim() }
        execSync('true')
        f(.5).then(console.log)
        setTimeout(() => { execSync('true'); f(.7).then(console.log) }, 1)
        setTimeout(() => console.log(execSync('sleep .3; echo callback', { encoding: 'utf8' }).trim()), 1)
        execSync('sleep .1')
        console.log('body')`,
    })
    expect(await ran('run', folder, ['app.js'])).toMatchObject({
      stdout: 'body\ncallback\nasync\nasync\n',
      stderr: '',
    })
  })

  it('fails as under plain node: with the place, the words and the code', async () => {
    const folder = written({
      'package.json': '{}',
      'late.js': `const { execSync } = require('child_process')
        function inner() {
          execSync('true')
          throw new Error('late')
        }
        inner()`,
      'primitive.js': `
        function inner() {
          return require('fs').readFileSync('/no/file')
        }
        inner()`,
      'syntax.js': 'const a = 1\nlet = = 2\n',
      'rejected.mjs': 'await Promise.reject(new Error("rejected"))',
      'caught.js': `process.on('uncaughtException', (error) => console.log('caught', error.message))
        setTimeout(() => { require('child_process').execSync('true'); throw new Error('x') }, 1)`,
    })
    const late = await ran('run', folder, ['late.js'])
    expect(late).toMatchObject({ code: 1, stdout: '' })
    expect(late.stderr).toContain('Error: late')
    expect(late.stderr).toMatch(/late\.js:4:/)
    expect(late.stderr).toMatch(/^\S+late\.js:4\n {10}throw new Error\('late'\)\n {16}\^\n/)
    const primitive = await ran('run', folder, ['primitive.js'])
    expect(primitive.stderr).toContain("Error: ENOENT: no such file or directory, open '/no/file'")
    expect(primitive.stderr).toMatch(/primitive\.js:3:/)
    expect(primitive.stderr).toMatch(/^\S+primitive\.js:3\n.*readFileSync/)
    const syntax = await ran('run', folder, ['syntax.js'])
    expect(syntax.stderr).toContain('syntax.js:2')
    expect(syntax.stderr).toContain('SyntaxError: ')
    expect(syntax.code).toBe(1)
    const rejected = await ran('run', folder, ['rejected.mjs'])
    expect([rejected.code, rejected.stderr.includes('Error: rejected')]).toEqual([1, true])
    const caught = await ran('run', folder, ['caught.js'])
    expect([caught.stdout, caught.code]).toEqual(['caught x\n', 0])
    const missing = await ran('run', folder, ['no-such-file.js'])
    expect([missing.code, missing.stderr.includes('Cannot find module')]).toEqual([1, true])
  })

  it('dies of signals as under plain node', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `console.log('up'); require('child_process').execSync('sleep 5')`,
    })
    const { signal } = await ran('run', folder, ['app.js'], {
      act: (child) => child.stdout!.once('data', () => child.kill('SIGTERM')),
    })
    expect(signal).toBe('SIGTERM')
  })

  it('compiles only what is marked, where it is told to', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `const { sleep } = require('./marked')
        let ticks = 0
        const timer = setInterval(() => ticks++, 5)
        setTimeout(() => sleep(), 1)
        setTimeout(() => { console.log(ticks > 3); clearInterval(timer) }, 300)`,
      'marked.js': `'use green'
        exports.sleep = () => require('child_process').execSync('sleep .2')`,
    })
    const { stdout, stderr } = await ran('explain', folder, ['--marked', 'app.js'])
    expect(stdout).toBe('true\n')
    expect(stderr).toContain('1 files were compiled')
  })

  it('explains itself', async () => {
    const folder = written({
      'package.json': '{}',
      'app.js': `const { execSync } = require('child_process')
        execSync('true')
        require('fs').statSync(__filename)
        ;[2, 1].sort(() => Number(execSync('echo 0')))
        console.log('done')`,
    })
    const { stdout, stderr } = await ran('explain', folder, ['app.js'])
    expect(stdout).toBe('done\n')
    expect(stderr).toContain('1 files were compiled')
    expect(stderr).toMatch(/child_process\.execSync: 1 times/)
    expect(stderr).toMatch(/fs\.statSync: 1 times/)
    expect(stderr).toMatch(/child_process\.execSync at app\.js:/)
  })
})
