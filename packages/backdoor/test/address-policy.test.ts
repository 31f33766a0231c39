import { describe, expect, it } from 'vitest'
import { exposureOf, isLoopback, placeListener } from '../src/security/address-policy.ts'

const nothing = { auth: false, tls: false }

describe('the address policy', () => {
  it('lets loopback and UNIX sockets listen without anything, and warns', () => {
    expect(placeListener('The backdoor', '127.0.0.1:0', nothing)).toEqual({
      address: { host: '127.0.0.1', port: 0 },
      exposure: 'machine',
      warning:
        'The backdoor is open at 127.0.0.1:0: every user of this machine can reach it, without authentication or TLS',
    })
    expect(placeListener('The backdoor', { path: '/run/door' }, nothing).warning).toContain(
      'every process of this user',
    )
    expect(placeListener('The backdoor', '[::1]:7', { auth: true, tls: true }).warning).toBe(
      'The backdoor is open at [::1]:7: every user of this machine can reach it',
    )
  })

  it('never asks a resolver what localhost is', () => {
    expect(placeListener('The backdoor', 7777, nothing).address).toEqual({
      host: '127.0.0.1',
      port: 7777,
    })
    expect(placeListener('The backdoor', 'LocalHost:1', nothing).address.host).toBe('127.0.0.1')
  })

  it('knows loopback addresses, and nothing else, for this machine', () => {
    for (const host of ['127.0.0.1', '127.255.3.4', '::1', '::ffff:127.0.0.1', 'localhost']) {
      expect(isLoopback(host), host).toBe(true)
    }
    const others = ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'fe80::1', '::ffff:10.0.0.1']
    const names = ['localhost.evil.example', '127.0.0.1.example', '0', '127.1', '']
    for (const host of [...others, ...names]) expect(isLoopback(host), host).toBe(false)
  })

  it('counts an abstract UNIX name as open to the whole machine', () => {
    expect(exposureOf({ path: '\0door' })).toBe('machine')
  })

  it.each(['0.0.0.0:1', ':1', '192.0.2.1:1', 'example.org:1', '[::]:1'])(
    'refuses %s without authentication and TLS',
    (address) => {
      const place = (protection: Parameters<typeof placeListener>[2]) => () =>
        placeListener('The backdoor', address, protection)
      expect(place(nothing)).toThrow(/authentication \(option `auth`\) and TLS \(option `tls`\)/)
      expect(place(nothing)).toThrow(expect.objectContaining({ code: 'GH_INVALID_STATE' }))
      expect(place({ auth: true, tls: false })).toThrow('without TLS')
      expect(place({ auth: false, tls: true })).toThrow('without authentication')
      expect(place({ auth: true, tls: true })().exposure).toBe('network')
    },
  )

  it('lets each override waive what it names and nothing more', () => {
    const open = { unsafeAllowRemoteWithoutTls: true }
    expect(() => placeListener('X', '0.0.0.0:1', { ...nothing, ...open })).toThrow('authentication')
    expect(placeListener('X', '0.0.0.0:1', { auth: true, tls: false, ...open }).warning).toBe(
      'X is open at 0.0.0.0:1: everybody on the network can reach it, without TLS',
    )
    const all = { ...nothing, ...open, unsafeAllowRemoteWithoutAuth: true }
    expect(placeListener('X', '0.0.0.0:1', all).warning).toContain('without authentication or TLS')
  })

  it('refuses what is no address', () => {
    expect(() => placeListener('X', 'nowhere', nothing)).toThrow(/`address`/)
  })
})
