import { describe, expect, it } from 'vitest'
import { screenOn } from './screen.ts'

describe('progress', () => {
  it('is a bar below the lines on a terminal', () => {
    let printed = ''
    const screen = screenOn({ isTTY: true, columns: 60, write: (chunk) => (printed += chunk) })
    const progress = screen.progress('grabbing', 2)
    progress.step()
    screen.line('a line')
    progress.step()
    progress.done()
    const bars = printed.split('\r\u001b[2K').map((part) => part.trimEnd())
    const at = (bar: string): string => `grabbing             [${bar}]`
    const half = `${at('################----------------')} 1/2`
    expect(bars.slice(2, 4)).toEqual([half, `a line\n${half}`])
    expect(bars.slice(4)).toEqual([`${at('#'.repeat(32))} 2/2`, ''])
  })

  it('is one plain line when piped', () => {
    let printed = ''
    const progress = screenOn({ write: (chunk) => (printed += chunk) }).progress('grabbing', 1)
    progress.step()
    progress.done()
    expect(printed).toBe('grabbing             1/1\n')
  })
})
