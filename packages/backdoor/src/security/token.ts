// The token that opens a backdoor or dashboard: compared in constant time, and tried only so often by one peer.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { checkCount, checkDelay, now, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** How clients authenticate. */
export interface TokenAuth {
  /** The secret, at least 16 characters: `randomBytes(24).toString('base64url')` for example. */
  readonly token: string
  /** How many wrong tokens a peer may give before it is locked out, at least 1; 5 by default. */
  readonly attempts?: number | undefined
  /** How long a peer is locked out after its last wrong token, in milliseconds; 60,000 by default. */
  readonly lockoutMs?: number | undefined
}

/** What came of a token. A peer that is locked out is not told whether its token was right. */
export type TokenVerdict = 'passed' | 'wrong' | 'locked'

const SHORTEST = 16
const LONGEST = 1024
/** More peers than these are not remembered; the one that failed longest ago is forgotten. */
const MOST_PEERS = 10_000

/** Judges tokens, and remembers who gave wrong ones. */
export class TokenGate {
  /** @internal Hashes with a key that nobody knows compare in constant time, whatever the lengths. */
  readonly key: Buffer = randomBytes(32)
  /** @internal */
  readonly expected: Buffer
  /** @internal */
  readonly attempts: number
  /** @internal */
  readonly lockoutMs: number
  /** @internal In order of the last failure. */
  readonly failures: Map<string, { count: number; lastMs: number }> = new Map()

  /** @throws {GH_INVALID_ARGUMENT} */
  constructor(auth: TokenAuth) {
    if (typeof auth !== 'object' || auth === null) wrongType('options.auth', 'an object', auth)
    const { token, attempts = 5, lockoutMs = 60_000 } = auth
    // Never shown: messages end in logs.
    if (typeof token !== 'string') wrongType('options.auth.token', 'a string', typeof token)
    if (token.length < SHORTEST || token.length > LONGEST) {
      const expected = `a string of ${SHORTEST} to ${LONGEST} characters`
      wrongValue('options.auth.token', expected, `one of ${token.length} characters`)
    }
    checkCount('options.auth.attempts', attempts, 1)
    checkDelay('options.auth.lockoutMs', lockoutMs)
    this.attempts = attempts
    this.lockoutMs = lockoutMs
    this.expected = this.hash(token)
  }

  /**
   * Judges a token.
   *
   * @param token - What was given; anything but a string is wrong.
   * @param peer - Who gave it: what `peerKey` makes of an address.
   */
  judge(token: unknown, peer: string): TokenVerdict {
    if (this.locked(peer)) return 'locked'
    const given = typeof token === 'string' && token.length <= LONGEST ? token : ''
    if (timingSafeEqual(this.hash(given), this.expected)) {
      this.failures.delete(peer)
      return 'passed'
    }
    const count = (this.failures.get(peer)?.count ?? 0) + 1
    this.failures.delete(peer)
    this.failures.set(peer, { count, lastMs: now() })
    if (this.failures.size > MOST_PEERS) this.failures.delete(this.failures.keys().next().value!)
    return 'wrong'
  }

  /** Whether a peer has given too many wrong tokens. */
  locked(peer: string): boolean {
    const failure = this.failures.get(peer)
    if (failure === undefined) return false
    if (now() - failure.lastMs >= this.lockoutMs) {
      this.failures.delete(peer)
      return false
    }
    return failure.count >= this.attempts
  }

  /** @internal */
  hash(token: string): Buffer {
    return createHmac('sha256', this.key).update(token).digest()
  }
}

/** Who a peer is for the count of wrong tokens: an IPv4 address, the /64 of an IPv6 one, or "local" for UNIX sockets. */
export function peerKey(host: string | undefined): string {
  if (host === undefined) return 'local'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)
  if (mapped !== null) return mapped[1]!
  if (!isIPv6(host)) return host
  const [head = '', tail] = host.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
