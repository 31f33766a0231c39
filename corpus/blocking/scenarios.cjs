// Plain blocking code over third-party libraries: each scenario gets a folder that `seed` has filled, and gives what is to be
// compared. The tests run it natively and green.
'use strict'
const childProcess = require('node:child_process')
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')

const scenarios = []
exports.scenarios = scenarios

/** Enters a scenario; `least` is how many calls must suspend. */
function scenario(library, title, least, run) {
  scenarios.push({ library, title, least, run })
}

/** What a function throws, as far as it is to be compared. */
function thrown(fn, fields = ['code', 'message']) {
  try {
    fn()
    return 'nothing thrown'
  } catch (error) {
    return fields.map((field) => error[field])
  }
}

exports.seed = (dir) => {
  fs.rmSync(dir, { recursive: true, force: true })
  fs.mkdirSync(`${dir}/a/b/c`, { recursive: true })
  const files = {
    'a/x.txt': 'hello',
    'a/b/y.js': 'module.exports=1',
    'a/b/c/z.json': '{"k":[1,2]}',
    'bad.json': '{bad',
    'p.ini': '[s]\nk=v\nn=1\n',
    '.env': 'A=1\nB="two"\n',
    'c.yaml': 'a: 1\nb: [x, y]\nc: {d: e}\n',
    'package.json': '{"name":"t","myapp":{"q":5}}',
  }
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(`${dir}/${name}`, text)
  fs.symlinkSync(`${dir}/a/x.txt`, `${dir}/lnk`)
}

scenario('fs-extra', 'copies a tree', 5, (dir) => {
  const fse = require('fs-extra')
  fse.copySync(`${dir}/a`, `${dir}/a2`, { filter: (file) => !file.endsWith('.js') })
  return fse.readdirSync(`${dir}/a2`).concat(fse.readdirSync(`${dir}/a2/b`))
})

scenario('fs-extra', 'makes, moves and removes', 20, (dir) => {
  const fse = require('fs-extra')
  fse.ensureDirSync(`${dir}/n/m`)
  fse.outputFileSync(`${dir}/n/q/r.txt`, 'zz')
  fse.outputJsonSync(`${dir}/n/j.json`, { a: [1] }, { spaces: 2 })
  fse.moveSync(`${dir}/n`, `${dir}/moved`)
  const seen = [
    fse.readFileSync(`${dir}/moved/j.json`, 'utf8'),
    fse.pathExistsSync(`${dir}/n`),
    fse.readJsonSync(`${dir}/moved/j.json`),
  ]
  fse.removeSync(`${dir}/moved`)
  fse.emptyDirSync(`${dir}/a`)
  return [...seen, fse.pathExistsSync(`${dir}/moved`), fse.readdirSync(`${dir}/a`)]
})

scenario('fs-extra', 'fails', 5, (dir) => {
  const fse = require('fs-extra')
  const fields = ['code', 'message', 'syscall']
  return [
    thrown(() => fse.copySync(`${dir}/no`, `${dir}/k`), fields),
    thrown(() => fse.moveSync(`${dir}/a`, `${dir}/a/b`), fields),
    thrown(() => fse.readJsonSync(`${dir}/bad.json`), fields),
    thrown(() => fse.moveSync(`${dir}/a`, `${dir}/p.ini`), fields),
  ]
})

scenario('fs-extra', 'links', 10, (dir) => {
  const fse = require('fs-extra')
  fse.ensureSymlinkSync(`${dir}/a/x.txt`, `${dir}/s/l`)
  fse.ensureLinkSync(`${dir}/a/x.txt`, `${dir}/s/h`)
  fse.ensureFileSync(`${dir}/s/e/f`)
  const { nlink } = fse.statSync(`${dir}/s/h`)
  return [fse.readlinkSync(`${dir}/s/l`), nlink, fse.statSync(`${dir}/s/e/f`).size]
})

scenario('graceful-fs', 'reads and writes', 7, (dir) => {
  const gfs = require('graceful-fs')
  gfs.writeFileSync(`${dir}/g`, 'abc')
  const fd = gfs.openSync(`${dir}/g`, 'r')
  const bytes = Buffer.alloc(8)
  const count = gfs.readSync(fd, bytes, 0, 8, 0)
  gfs.closeSync(fd)
  const fields = ['code', 'errno', 'syscall', 'path', 'message']
  const error = thrown(() => gfs.readFileSync(`${dir}/none`), fields)
  gfs.renameSync(`${dir}/g`, `${dir}/g2`)
  const found = [gfs.existsSync(`${dir}/g2`), gfs.statSync(dir).isDirectory()]
  return [count, bytes.toString(), error, found]
})

scenario('jsonfile', 'reads and writes', 4, (dir) => {
  const jsonfile = require('jsonfile')
  jsonfile.writeFileSync(`${dir}/j.json`, { a: 1, b: [2] }, { spaces: 1, EOL: '\r\n' })
  return [
    jsonfile.readFileSync(`${dir}/j.json`),
    fs.readFileSync(`${dir}/j.json`, 'utf8'),
    thrown(() => jsonfile.readFileSync(`${dir}/bad.json`)),
    jsonfile.readFileSync(`${dir}/bad.json`, { throws: false }),
  ]
})

scenario('rimraf 3', 'removes by patterns', 15, (dir) => {
  const rimraf = require('rimraf')
  rimraf.sync(`${dir}/a/**/*.js`)
  rimraf.sync(`${dir}/a/b`)
  rimraf.sync(`${dir}/nothing`)
  return fs.readdirSync(`${dir}/a`)
})

scenario('rimraf 5', 'removes in every way', 5, (dir) => {
  const { rimrafSync, nativeSync, manualSync } = require('rimraf5')
  const done = [rimrafSync(`${dir}/a/b`), nativeSync(`${dir}/lnk`), manualSync(`${dir}/a`)]
  return [...done, fs.readdirSync(dir)]
})

scenario('glob 7', 'finds', 20, (dir) => {
  const glob = require('glob')
  return [
    glob.sync('**/*', { cwd: dir }),
    glob.sync('a/{x,y}*', { cwd: dir, mark: true, stat: true }),
    new glob.GlobSync('**/*.j*', { cwd: dir, absolute: true }).found,
    glob.sync('*', { cwd: dir, dot: true, nodir: true }),
  ]
})

scenario('glob 10', 'finds', 5, (dir) => {
  const { globSync, globIterateSync } = require('glob10')
  const typed = globSync('**/*.j*', { cwd: dir, withFileTypes: true })
  return [
    globSync('**/*', { cwd: dir }).sort(),
    typed.map(({ name }) => name).sort(),
    Array.from(globIterateSync('a/**', { cwd: dir, ignore: '**/c/**' }), String).sort(),
  ]
})

scenario('fast-glob', 'finds', 10, (dir) => {
  const glob = require('fast-glob')
  const sized = glob.sync(['a/**', '!**/*.js'], { cwd: dir, stats: true, onlyFiles: false })
  const options = { cwd: dir, dot: true, markDirectories: true, onlyFiles: false }
  return [
    glob.sync('**/*', { cwd: dir }).sort(),
    sized.map((entry) => `${entry.path} ${entry.stats && entry.stats.isFile()}`).sort(),
    glob.sync('*', options).sort(),
  ]
})

scenario('mkdirp', 'makes folders', 9, (dir) => {
  const mkdirp = require('mkdirp')
  const { mkdirpSync } = require('mkdirp3')
  return [
    mkdirp.sync(`${dir}/q/w/e`),
    mkdirpSync(`${dir}/q/w/e/r`),
    mkdirpSync(`${dir}/q`),
    mkdirp.manualSync(`${dir}/m/n/o`),
    thrown(() => mkdirpSync(`${dir}/p.ini/x`)),
    thrown(() => mkdirp.manualSync(`${dir}/p.ini/x`)),
  ]
})

scenario('resolve', 'resolves', 15, (dir) => {
  const resolve = require('resolve')
  return [
    resolve.sync('./a/b/y', { basedir: dir }),
    resolve.sync('js-yaml', { basedir: __dirname }),
    resolve.sync('ejs/package.json', { basedir: __dirname }),
    thrown(() => resolve.sync('./nope', { basedir: dir })),
  ]
})

scenario('find-up', 'finds', 7, (dir) => {
  const findUp = require('find-up')
  const matcher = (folder) => findUp.sync.exists(path.join(folder, 'p.ini')) && folder
  return [
    findUp.sync('p.ini', { cwd: `${dir}/a/b/c` }),
    findUp.sync(['nope', 'x.txt'], { cwd: `${dir}/a/b` }),
    findUp.sync(matcher, { cwd: `${dir}/a/b/c`, type: 'directory' }),
  ]
})

scenario('ejs', 'includes', 1, (dir) => {
  const ejs = require('ejs')
  fs.writeFileSync(`${dir}/i.ejs`, '[<%= v %>]')
  const loop = "<% for (const v of xs) { %><%- include('i', {v}) %><% } %>"
  const compiled = ejs.compile("<%- include('/i.ejs') %>", { root: dir, filename: `${dir}/q.ejs` })
  return [ejs.render(loop, { xs: [1, 2] }, { filename: `${dir}/m.ejs` }), compiled({ v: '<' })]
})

scenario('ejs', 'fails', 0, (dir) => {
  const ejs = require('ejs')
  const render = (text) => ejs.render(text, { a: {} }, { filename: `${dir}/m.ejs` })
  const texts = ["<%- include('none') %>", '<%= a.b.c %>', '<% if ( %>']
  return texts.map((text) => thrown(() => render(text), ['message']))
})

scenario('pug', 'includes and extends', 8, (dir) => {
  const pug = require('pug')
  fs.writeFileSync(`${dir}/l.pug`, 'html\n  body\n    block c\n')
  fs.writeFileSync(`${dir}/p.pug`, 'p= v\n')
  const main =
    'extends l\nblock c\n  each v in xs\n    include p\n  mixin foo(a)\n    b= a\n  +foo("q")\n'
  fs.writeFileSync(`${dir}/m.pug`, main)
  const compiled = pug.compileFile(`${dir}/m.pug`)
  return [pug.renderFile(`${dir}/m.pug`, { xs: [1, 2], v: 3 }), compiled({ xs: ['<'] })]
})

scenario('pug', 'fails', 1, (dir) => {
  const pug = require('pug')
  const render = (text) => pug.render(text, { filename: `${dir}/e.pug`, a: {} })
  return ['include nope', 'p(', 'p= a.b.c'].map((text) => thrown(() => render(text)))
})

scenario('nunjucks', 'renders', 5, (dir) => {
  const { Environment, FileSystemLoader } = require('nunjucks')
  fs.writeFileSync(`${dir}/base.html`, '<{% block b %}{% endblock %}>')
  fs.writeFileSync(`${dir}/i.html`, 'I{{ x }}')
  const main =
    '{% extends "base.html" %}{% block b %}{% for x in xs %}{% include "i.html" %}{% endfor %}{{ t | upper }}{% endblock %}'
  fs.writeFileSync(`${dir}/m.html`, main)
  const environment = new Environment(new FileSystemLoader(dir))
  const text = environment.renderString('{% macro f(a) %}({{a}}){% endmacro %}{{ f(3) }}', {})
  return [environment.render('m.html', { xs: [1, 2], t: 'q' }), text]
})

scenario('nunjucks', 'fails', 1, (dir) => {
  const { Environment, FileSystemLoader } = require('nunjucks')
  const environment = new Environment(new FileSystemLoader(dir))
  return [
    thrown(() => environment.render('nope.html'), ['message']),
    thrown(() => environment.renderString('{% if %}'), ['message']),
  ]
})

scenario('handlebars', 'renders', 2, (dir) => {
  const handlebars = require('handlebars').create()
  fs.writeFileSync(`${dir}/h.hbs`, '{{#each xs}}{{> p this}}{{/each}}')
  handlebars.registerPartial('p', '<{{a}}>')
  handlebars.registerHelper('rd', (file) => fs.readFileSync(`${dir}/${file}`, 'utf8'))
  const template = handlebars.compile(fs.readFileSync(`${dir}/h.hbs`, 'utf8'))
  return [template({ xs: [{ a: 1 }, { a: '&' }] }), handlebars.compile('{{rd "a/x.txt"}}')({})]
})

scenario('mustache', 'renders', 2, (dir) => {
  const mustache = require('mustache')
  const read = () => fs.readFileSync(`${dir}/a/x.txt`, 'utf8')
  const view = { xs: [{ a: 1 }], l: () => (text, render) => render(text + read()), z: 1 }
  return mustache.render('{{#xs}}{{a}}{{/xs}}{{>p}}{{#l}}q{{/l}}', view, read)
})

scenario('less', 'imports', 2, (dir) => {
  const less = require('less')
  fs.writeFileSync(`${dir}/i.less`, '@c: red; .m(){color:@c}')
  const text = '@import "i.less"; a{.m(); b{width:(1+2px)}}'
  let out
  const options = { filename: `${dir}/m.less`, syncImport: true, paths: [dir] }
  less.render(text, options, (error, result) => {
    out = error ? error.message : result.css
  })
  return out
})

scenario('shelljs', 'does as a shell', 100, (dir) => {
  const shell = require('shelljs')
  shell.config.silent = true
  shell.config.fatal = false
  shell.mkdir('-p', `${dir}/sh/a`)
  shell.cp('-R', `${dir}/a`, `${dir}/sh/a`)
  shell.sed('-i', 'hello', 'bye', `${dir}/sh/a/a/x.txt`)
  return [
    shell.ls('-R', `${dir}/sh`).slice(),
    shell.cat(`${dir}/sh/a/a/x.txt`).toString(),
    shell.grep('bye', `${dir}/sh/a/a/x.txt`).toString(),
    shell.test('-d', `${dir}/sh`),
    shell.find(`${dir}/sh`).length,
    shell.exec('echo out; echo err >&2; exit 3', { silent: true }).code,
    shell.exec('echo out', { silent: true }).stdout,
    shell.which('ls').toString(),
    shell.rm('-rf', `${dir}/sh`).code,
    shell.cat(`${dir}/none`).stderr,
  ]
})

scenario('cross-spawn', 'runs children', 5, () => {
  const { sync } = require('cross-spawn')
  const seen = (result) => {
    const { status, signal, stdout, stderr, error } = result
    const told = error && [error.code, error.message, error.syscall, error.path]
    return [status, signal, String(stdout), String(stderr), told]
  }
  return [
    seen(sync('echo', ['x y', '$z'])),
    seen(sync('sh', ['-c', 'echo e >&2; exit 4'])),
    seen(sync('no-such-cmd', ['a'])),
    seen(sync('cat', [], { input: 'in!' })),
    seen(sync('sh', ['-c', 'kill -9 $$'])),
  ]
})

scenario('execa 5', 'runs children', 7, () => {
  const execa = require('execa')
  const fields = 'message exitCode code stderr signal timedOut failed shortMessage'.split(' ')
  return [
    execa.sync('echo', ['hi']).stdout,
    execa.commandSync('printf %s q').stdout,
    execa.sync('cat', { input: 'abc' }).stdout,
    execa.sync('sh', ['-c', 'exit 2'], { reject: false }).exitCode,
    thrown(() => execa.sync('sh', ['-c', 'echo bad >&2; exit 5']), fields),
    thrown(() => execa.sync('nope-cmd', []), fields),
    thrown(() => execa.sync('sleep', ['5'], { timeout: 50 }), fields),
  ]
})

scenario('child_process', 'runs children', 6, () => {
  const run = (fn) => {
    try {
      return fn()
    } catch (error) {
      const { message, code, errno, status, signal, syscall, spawnargs, output } = error
      const sizes = output && output.map((part) => part && Math.min(part.length, 1e6))
      return [message, code, errno, status, signal, syscall, error.path, spawnargs, sizes]
    }
  }
  return [
    run(() => childProcess.execSync('echo a; exit 3', { stdio: 'pipe' })),
    run(() => childProcess.execFileSync('nope')),
    run(() => childProcess.execFileSync('sh', ['-c', 'echo E >&2; exit 1'], { stdio: 'pipe' })),
    run(() => childProcess.execSync('yes | head -c 2000000', { stdio: 'pipe' })),
    run(() => childProcess.execSync('cat', { input: 'q', encoding: 'utf8' })),
    run(() => childProcess.execSync('sleep 3', { timeout: 40, stdio: 'pipe' })),
  ]
})

scenario('fs', 'does all sorts of things', 18, (dir) => {
  const fd = fs.openSync(`${dir}/raw`, 'w+')
  fs.writeSync(fd, 'hello world')
  fs.ftruncateSync(fd, 5)
  const { size } = fs.fstatSync(fd)
  const bytes = Buffer.alloc(5)
  fs.readSync(fd, bytes, 0, 5, 0)
  fs.closeSync(fd)
  fs.appendFileSync(`${dir}/raw`, '!')
  fs.copyFileSync(`${dir}/raw`, `${dir}/raw2`)
  const handle = fs.opendirSync(`${dir}/a`)
  const names = []
  for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
    names.push(entry.name)
  }
  handle.closeSync()
  fs.cpSync(`${dir}/a`, `${dir}/copied`, { recursive: true })
  fs.rmSync(`${dir}/a`, { recursive: true })
  return [
    size,
    String(bytes),
    fs.readFileSync(`${dir}/raw2`, 'utf8'),
    names.sort(),
    fs.existsSync(`${dir}/a`),
    fs.realpathSync(`${dir}/copied/../copied`),
    fs.statSync(`${dir}/none`, { throwIfNoEntry: false }),
    thrown(() => fs.rmdirSync(`${dir}/copied`)),
    thrown(() => fs.mkdirSync(`${dir}/copied`)),
  ]
})

scenario('zlib', 'packs and unpacks', 8, () => {
  const text = Buffer.from('a text that repeats '.repeat(100))
  return [
    zlib.gunzipSync(zlib.gzipSync(text)).equals(text),
    zlib.inflateSync(zlib.deflateSync(text)).equals(text),
    zlib.brotliDecompressSync(zlib.brotliCompressSync(text)).equals(text),
    thrown(() => zlib.gunzipSync(Buffer.from('bad')), ['code', 'errno', 'message']),
    thrown(() => zlib.inflateSync(zlib.deflateSync(text).subarray(0, 10)), ['code', 'message']),
  ]
})

scenario('crypto', 'derives keys', 3, () => [
  crypto.pbkdf2Sync('secret', 'salt', 100, 16, 'sha256').toString('hex'),
  crypto.scryptSync('secret', 'salt', 16).toString('hex'),
  Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 16)).toString('hex'),
  thrown(() => crypto.pbkdf2Sync('secret', 'salt', 100, 16, 'none')),
])

scenario('write-file-atomic', 'writes', 15, (dir) => {
  const write = require('write-file-atomic')
  write.sync(`${dir}/w`, 'data', { mode: 0o600 })
  write.sync(`${dir}/w`, Buffer.from('data2'))
  return [
    thrown(() => write.sync(`${dir}/no/such`, 'x'), ['code', 'syscall']),
    fs.readFileSync(`${dir}/w`, 'utf8'),
    fs.statSync(`${dir}/w`).mode & 0o777,
    fs.readdirSync(dir).filter((name) => name.startsWith('w')),
  ]
})

scenario('node-localstorage', 'stores', 20, (dir) => {
  const { LocalStorage, JSONStorage } = require('node-localstorage')
  const storage = new LocalStorage(`${dir}/ls`, 50)
  storage.setItem('k', 'v')
  storage.setItem('n', 5)
  storage.zz = 'prop'
  const { length } = storage
  const seen = [storage.getItem('k'), storage.getItem('none'), length, storage.key(0), storage.zz]
  storage.removeItem('k')
  seen.push(storage.getItem('k'), fs.readdirSync(`${dir}/ls`))
  seen.push(thrown(() => storage.setItem('big', 'x'.repeat(100)), ['message', 'name', 'code']))
  const json = new JSONStorage(`${dir}/js`)
  json.setItem('o', { a: 1 })
  seen.push(json.getItem('o'), new LocalStorage(`${dir}/ls`).getItem('n'))
  storage.clear()
  return seen
})

scenario('lowdb 1', 'stores', 8, (dir) => {
  const lowdb = require('lowdb')
  const FileSync = require('lowdb/adapters/FileSync')
  const db = lowdb(new FileSync(`${dir}/db.json`))
  db.defaults({ posts: [], n: 0 }).write()
  db.get('posts').push({ id: 1, t: 'x' }).write()
  db.update('n', (n) => n + 1).write()
  const post = db.get('posts').find({ id: 1 }).value()
  return [post, db.read().getState(), fs.readFileSync(`${dir}/db.json`, 'utf8')]
})

scenario('cosmiconfig', 'searches', 40, (dir) => {
  const { cosmiconfigSync } = require('cosmiconfig')
  fs.writeFileSync(`${dir}/a/.appzrc`, 'a: 1')
  fs.writeFileSync(`${dir}/a/b/appz.config.js`, 'module.exports={js:1}')
  const explorer = cosmiconfigSync('appz', { stopDir: dir })
  return [
    explorer.search(`${dir}/a`),
    explorer.search(`${dir}/a/b/c`),
    explorer.load(`${dir}/c.yaml`),
    cosmiconfigSync('myapp').search(dir),
    thrown(() => explorer.load(`${dir}/bad.json`), ['message'])[0].split('\n')[0],
  ]
})

scenario('properties-reader', 'reads', 1, (dir) => {
  const properties = require('properties-reader')(`${dir}/p.ini`)
  const { length } = properties
  return [properties.get('s.k'), properties.get('s.n'), length, properties.getAllProperties()]
})

scenario('ini', 'parses', 1, (dir) => require('ini').parse(fs.readFileSync(`${dir}/p.ini`, 'utf8')))

scenario('js-yaml', 'loads and dumps', 1, (dir) => {
  const yaml = require('js-yaml')
  const value = yaml.load(fs.readFileSync(`${dir}/c.yaml`, 'utf8'))
  return [value, yaml.dump(value), thrown(() => yaml.load('a: [1'), ['name', 'message'])]
})

scenario('dotenv', 'reads', 2, (dir) => {
  const dotenv = require('dotenv')
  const { parsed } = dotenv.config({ path: `${dir}/.env`, processEnv: {} })
  const { error } = dotenv.config({ path: `${dir}/nope`, processEnv: {} })
  return [parsed, error && [error.code, error.message]]
})

scenario('klaw-sync', 'walks', 30, (dir) => {
  const klaw = require('klaw-sync')
  const filter = (item) => !item.path.includes('/b') || item.stats.isDirectory()
  return [
    klaw(dir).map((item) => [item.path, item.stats.size > -1]),
    klaw(dir, { nodir: true, filter }).map((item) => item.path),
  ]
})

scenario('walk-sync', 'walks', 40, (dir) => {
  const walk = require('walk-sync')
  return [
    walk(dir),
    walk.entries(dir, { globs: ['**/*.js*'] }).map((entry) => [entry.relativePath, entry.size]),
    walk(dir, { ignore: ['a/b'], directories: false }),
  ]
})

scenario('adm-zip', 'packs and unpacks', 60, (dir) => {
  const AdmZip = require('adm-zip')
  const zip = new AdmZip()
  zip.addLocalFolder(`${dir}/a`)
  zip.addFile('q.txt', Buffer.from('content'.repeat(50)))
  zip.writeZip(`${dir}/o.zip`)
  const read = new AdmZip(`${dir}/o.zip`)
  read.extractAllTo(`${dir}/un`, true)
  return [
    read.getEntries().map((entry) => [entry.entryName, entry.header.size]),
    read.readAsText('q.txt').length,
    fs.readdirSync(`${dir}/un`),
    fs.readFileSync(`${dir}/un/x.txt`, 'utf8'),
    thrown(() => new AdmZip(`${dir}/none.zip`), ['message']),
  ]
})

scenario('tar 6', 'packs and unpacks', 20, (dir) => {
  const tar = require('tar')
  tar.c({ sync: true, file: `${dir}/o.tgz`, cwd: dir, gzip: true }, ['a', 'p.ini'])
  fs.mkdirSync(`${dir}/un`)
  tar.x({ sync: true, file: `${dir}/o.tgz`, cwd: `${dir}/un` })
  const names = []
  tar.t({ sync: true, file: `${dir}/o.tgz`, onentry: (entry) => names.push(entry.path) })
  return [
    names.map(String).sort(),
    fs.readFileSync(`${dir}/un/a/x.txt`, 'utf8'),
    thrown(() => tar.x({ sync: true, file: `${dir}/none.tgz` }), ['code', 'syscall']),
  ]
})
