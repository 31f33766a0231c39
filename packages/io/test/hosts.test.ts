import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hosts, nameRules, services } from '../src/hosts.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'greenhouse-hosts-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

it('reads a hosts file: comments, aliases, several addresses of a name, the first name of an address', async () => {
  const path = await write(
    'hosts',
    '# nothing\n\n10.0.0.1\tOne one.test # two\n10.0.0.2 one.test\n10.0.0.1 again\n::1 one.test\r\n10.0.0.3\n',
  )
  const { addresses, names } = hosts(path)
  expect(addresses.get('one.test')).toEqual(['10.0.0.1', '10.0.0.2', '::1'])
  expect(addresses.get('one')).toEqual(['10.0.0.1'])
  expect(addresses.has('two')).toBe(false)
  expect(names.get('10.0.0.1')).toBe('one')
  expect(names.has('10.0.0.3')).toBe(false)
})

it('reads a file again when another has taken its place, and not otherwise', async () => {
  const path = await write('again', '10.0.0.1 a\n')
  const first = hosts(path)
  expect(hosts(path)).toBe(first)
  await rename(await write('other', '10.0.0.2 a\n'), path)
  expect(hosts(path).addresses.get('a')).toEqual(['10.0.0.2'])
  await rm(path)
  expect(hosts(path).addresses.size).toBe(0)
})

it('reads services: ports by name and alias, TCP first, names by port and protocol', async () => {
  const path = await write(
    'services',
    'echo 7/udp\necho 7/tcp\nhttp 80/tcp www # web\nrpc 9/udp\nrpc 10/tcp\n',
  )
  const { ports, names } = services(path)
  expect([ports.get('www'), ports.get('http'), ports.get('rpc')]).toEqual([80, 80, 10])
  expect([names.get('80/tcp'), names.get('9/udp'), names.get('80/udp')]).toEqual([
    'http',
    'rpc',
    undefined,
  ])
})

it('reads the rules for short names: the last list counts', async () => {
  const rules = async (text: string) => nameRules(await write('resolv', text))
  expect(await rules('nameserver 10.0.0.1\n')).toEqual({ search: [], dots: 1 })
  expect(
    await rules('; x\ndomain One.test\nsearch a.test. b.test\noptions timeout:1 ndots:5\n'),
  ).toEqual({
    search: ['a.test', 'b.test'],
    dots: 5,
  })
  expect(await rules('search a.test b.test\ndomain one.test\noptions ndots:99 ndots:x\n')).toEqual({
    search: ['one.test'],
    dots: 15,
  })
})
