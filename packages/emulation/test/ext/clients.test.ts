// The clients as patches by name, as `patch()` applies them.
import { createRequire } from 'node:module'
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { isPatched, patch, unpatch } from '@greenhouse/emulation'
import { clientPatches } from '../../src/ext/clients.ts'
import { describeClient, type Library } from './support.ts'

const corpus = fileURLToPath(new URL('../../../../corpus/clients', import.meta.url))

await describeClient('clientPatches', 'pg', null, (pg) => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-clients-'))
  symlinkSync(join(corpus, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ dependencies: { pg: '*', no: '*' } }),
  )
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is there for what the program depends on, not for what is merely installed', () => {
    const present = (folders: string[]): string[] =>
      clientPatches(folders)
        .filter((definition) => definition.present!())
        .map(({ name }) => name)
    expect(present([join(folder, 'bin')])).toEqual(['pg'])
    expect(present([tmpdir()])).toEqual([])
    expect(present([tmpdir(), folder])).toEqual(['pg'])
    expect(present([corpus])).toEqual([
      'amqplib',
      'ioredis',
      'mysql2',
      'nats',
      'pg',
      'redis',
      'undici',
    ])
  })

  it('loads and adapts the copy of the program, and undoes it', () => {
    const load = createRequire(join(corpus, 'package.json'))
    const touched: Record<string, () => object> = {
      amqplib: () => load('amqplib'),
      ioredis: () => load('ioredis').prototype,
      mysql2: () => load('mysql2'),
      nats: () => load('nats'),
      pg: () => pg.Client.prototype,
      redis: () => load('redis').RedisClient.prototype,
      undici: () => Object.getPrototypeOf(load('undici').Client.prototype),
    }
    for (const { name, subscribe } of clientPatches([corpus])) {
      const target = touched[name]!()
      const before = Object.getOwnPropertyDescriptors(target)
      const undo = subscribe!({ reaching: true } as Library)
      expect([name, Object.getOwnPropertyDescriptors(target)]).not.toEqual([name, before])
      undo()
      expect([name, Object.getOwnPropertyDescriptors(target)]).toEqual([name, before])
    }
  })

  it('is known to patch and isPatched by name', () => {
    expect(isPatched('pg')).toBe(false)
    expect(() => patch('no such client')).toThrow(/amqplib, .*pg, redis, undici/)
    expect(() => unpatch('pg', 'mysql2')).not.toThrow()
  })
})
