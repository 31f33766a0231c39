// The calls into Node's fs that files are made of, as they were when this was loaded: `patch()` does not reach them.
import * as fs from 'node:fs'

export const open: typeof fs.open = fs.open
export const read: typeof fs.read = fs.read
export const write: typeof fs.write = fs.write
export const close: typeof fs.close = fs.close
export const closeSync: typeof fs.closeSync = fs.closeSync
export const stat: typeof fs.stat = fs.stat
export const fstat: typeof fs.fstat = fs.fstat
export const fstatSync: typeof fs.fstatSync = fs.fstatSync
export const ftruncate: typeof fs.ftruncate = fs.ftruncate
export const fsync: typeof fs.fsync = fs.fsync
export const readFile: typeof fs.readFile = fs.readFile
export const readdir: typeof fs.readdir = fs.readdir
export const realpath: typeof fs.realpath = fs.realpath
export const rename: typeof fs.rename = fs.rename
export const fchmod: typeof fs.fchmod = fs.fchmod
export const unlink: typeof fs.unlink = fs.unlink
