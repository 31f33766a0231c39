import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientGreeting, escapeIac, TelnetReader, type TelnetSink } from '../src/core/telnet.ts'

const [IAC, DONT, DO, WONT, WILL, SB, SE] = [255, 254, 253, 252, 251, 250, 240] as const

class Heard implements TelnetSink {
  events: string[] = []
  text: Buffer[] = []
  replies: number[] = []
  data(bytes: Buffer): void {
    this.text.push(Buffer.from(bytes))
  }
  interrupt(): void {
    this.events.push('interrupt')
  }
  endOfFile(): void {
    this.events.push('eof')
  }
  characterMode(on: boolean): void {
    this.events.push(`characters ${on}`)
  }
  windowSize(columns: number, rows: number): void {
    this.events.push(`${columns}x${rows}`)
  }
  terminalType(name: string): void {
    this.events.push(name)
  }
  reply(bytes: Buffer): void {
    this.replies.push(...bytes)
  }
}

function hear(...chunks: (readonly number[] | Buffer)[]): Heard {
  const heard = new Heard()
  const reader = new TelnetReader(heard)
  for (const chunk of chunks) reader.feed(Buffer.from(chunk))
  return heard
}

describe('TelnetReader', () => {
  it('takes commands out of the text', () => {
    const heard = hear([
      97,
      IAC,
      244,
      98,
      IAC,
      IAC,
      99,
      IAC,
      243,
      IAC,
      238,
      IAC,
      236,
      IAC,
      241,
      100,
    ])
    expect(Buffer.concat(heard.text)).toEqual(Buffer.from([97, 98, 255, 99, 100]))
    expect(heard.events).toEqual(['interrupt', 'interrupt', 'interrupt', 'eof'])
  })

  it('hears the same however the bytes are cut', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 5 }).map((bytes) => [...bytes]),
      fc.constantFrom([IAC], [IAC, DO, 1], [IAC, SB, 31, 0, 80, 0, 24, IAC, SE], [IAC, SB]),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const all = pieces.flat()
        const whole = hear(all)
        const cut = hear(...all.map((byte) => [byte]))
        expect(Buffer.concat(cut.text)).toEqual(Buffer.concat(whole.text))
        expect(cut.events).toEqual(whole.events)
        expect(cut.replies).toEqual(whole.replies)
      }),
    )
  })

  it('begins to edit when it is asked to echo, and learns the window', () => {
    const heard = hear(clientGreeting(120, 255, 'XTERM'))
    expect(heard.events).toEqual(['xterm', '120x255', 'characters true'])
    expect(heard.replies).toEqual([
      ...[IAC, DO, 24, IAC, SB, 24, 1, IAC, SE, IAC, DO, 31, IAC, WILL, 1, IAC, WILL, 3],
    ])
  })

  it('refuses what it cannot do, once, so that no loop of answers begins', () => {
    const asks = Array.from({ length: 50 }, () => [IAC, DO, 99, IAC, WILL, 98]).flat()
    expect(hear(asks).replies).toEqual([IAC, WONT, 99, IAC, DONT, 98])
    expect(hear([IAC, WONT, 99, IAC, DONT, 98]).replies).toEqual([])
    expect(hear([IAC, DO, 6, IAC, DO, 6]).replies).toEqual([IAC, WILL, 6, IAC, WILL, 6])
  })

  it('survives malformed negotiations', () => {
    expect(hear([IAC, SB, 31, 0, 80, IAC, SE]).events).toEqual([])
    expect(hear([IAC, SB, 31, 0, 0, 0, 0, IAC, SE]).events).toEqual([])
    expect(hear([IAC, SB, IAC, SE, 97]).text).toEqual([Buffer.from('a')])
    expect(hear([IAC, SB, 24, 0, IAC, DO, 97]).text).toEqual([Buffer.from('a')])
    const endless = new TelnetReader(new Heard())
    endless.feed(Buffer.of(IAC, SB))
    for (let i = 0; i < 100; i++) endless.feed(Buffer.alloc(10_000, 65))
    expect(endless.sub.length).toBe(256)
  })

  it('doubles 255 in what is sent', () => {
    expect(escapeIac(Buffer.of(1, 255, 2))).toEqual(Buffer.of(1, 255, 255, 2))
    const plain = Buffer.from('plain')
    expect(escapeIac(plain)).toBe(plain)
  })
})
