import { describe, expect, it } from 'vitest'
import { pauseFor } from '@greenhouse/scheduler'
import { withVirtualClock } from '@greenhouse/scheduler/testing'
import { peerKey, TokenGate } from '../src/security/token.ts'

const token = 'correct horse battery'

describe('TokenGate', () => {
  it('passes the token and nothing else', () => {
    const gate = new TokenGate({ token, attempts: Infinity })
    expect(gate.judge(token, 'a')).toBe('passed')
    const wrong = ['', `${token} `, token.slice(1), token.toUpperCase(), 'x'.repeat(5000)]
    for (const given of [...wrong, undefined, null, 7, [token], { token }]) {
      expect(gate.judge(given, 'a')).toBe('wrong')
    }
  })

  it('locks a peer out after its attempts, whatever it says then, and only that peer', async () => {
    await withVirtualClock(async () => {
      const gate = new TokenGate({ token, attempts: 3, lockoutMs: 1000 })
      for (let i = 0; i < 3; i++) expect(gate.judge('wrong', 'bad')).toBe('wrong')
      expect(gate.judge(token, 'bad')).toBe('locked')
      expect(gate.judge(token, 'good')).toBe('passed')
      await pauseFor(999)
      expect(gate.judge(token, 'bad')).toBe('locked')
      await pauseFor(1)
      expect(gate.judge(token, 'bad')).toBe('passed')
    })
  })

  it('forgets failures when the token comes', () => {
    const gate = new TokenGate({ token, attempts: 2 })
    for (let i = 0; i < 10; i++) {
      expect(gate.judge('wrong', 'a')).toBe('wrong')
      expect(gate.judge(token, 'a')).toBe('passed')
    }
  })

  it('remembers no more than so many peers', () => {
    const gate = new TokenGate({ token, attempts: 1 })
    for (let i = 0; i < 10_050; i++) gate.judge('wrong', `peer ${i}`)
    expect(gate.failures.size).toBe(10_000)
    expect(gate.locked('peer 10049')).toBe(true)
  })

  it('refuses a token that is too short, and never shows one', () => {
    expect(() => new TokenGate({ token: 'secret' })).toThrow(/16 to 1024 characters/)
    expect(() => new TokenGate({ token: 'secret' })).not.toThrow(/secret/)
    expect(() => new TokenGate({ token: 12_345 as never })).not.toThrow(/12345/)
    expect(() => new TokenGate(null as never)).toThrow(/options.auth/)
    expect(() => new TokenGate({ token, attempts: 0 })).toThrow(/attempts/)
    expect(() => new TokenGate({ token, lockoutMs: -1 })).toThrow(/lockoutMs/)
  })
})

describe('peerKey', () => {
  it.each([
    [undefined, 'local'],
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:1:2::9', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('takes %s for %s', (host, key) => expect(peerKey(host)).toBe(key))
})
