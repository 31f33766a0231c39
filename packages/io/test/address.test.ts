// Addresses: what is read, what is refused, and that text and object say the same.
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress, type AddressLike } from '@greenhouse/io'

const RANGE = expect.objectContaining({ name: 'RangeError', code: 'GH_INVALID_ARGUMENT' })
const TYPE = expect.objectContaining({ name: 'TypeError', code: 'GH_INVALID_ARGUMENT' })

describe('parseAddress', () => {
  it.each<[AddressLike, object]>([
    [80, { host: 'localhost', port: 80 }],
    [0, { host: 'localhost', port: 0 }],
    [':80', { host: '::', port: 80 }],
    ['example.org:65535', { host: 'example.org', port: 65_535 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
    ['unix:/run/app.sock', { path: '/run/app.sock' }],
    ['unix:relative.sock', { path: 'relative.sock' }],
    ['unix:\0abstract', { path: '\0abstract' }],
    [
      { host: '::1', port: 1 },
      { host: '::1', port: 1 },
    ],
    [{ path: '/x' }, { path: '/x' }],
  ])('reads %j', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
    expect(parseAddress(formatAddress(text))).toEqual(address)
  })

  it.each([
    ['', RANGE],
    ['example.org', RANGE],
    ['::1:80', RANGE],
    ['example.org:', RANGE],
    ['example.org:http', RANGE],
    ['example.org:65536', RANGE],
    ['unix:', RANGE],
    ['unix:/a\0b', RANGE],
    [-1, RANGE],
    [65_536, RANGE],
    [1.5, RANGE],
    [Number.NaN, RANGE],
    [null, TYPE],
    [undefined, TYPE],
    [{}, TYPE],
    [{ host: 'a' }, TYPE],
    [{ host: '', port: 1 }, RANGE],
    [{ host: 'a', port: '80' }, TYPE],
    [{ host: 'a', port: 70_000 }, RANGE],
    [{ path: '/x', port: 80 }, TYPE],
    [{ path: '' }, RANGE],
  ])('refuses %j', (address, error) => {
    expect(() => parseAddress(address as AddressLike)).toThrow(error as Error)
  })

  it('takes nothing over but the address', () => {
    expect(parseAddress({ host: 'a', port: 1, secret: 2 } as AddressLike)).toEqual({
      host: 'a',
      port: 1,
    })
  })
})

describe('formatAddress', () => {
  it('puts IPv6 hosts in brackets', () => {
    expect(formatAddress({ host: '::', port: 0 })).toBe('[::]:0')
  })
})
