import { describe, expect, it } from 'vitest'
import { listen } from 'greenhouse'
import { openPorts } from './port-scanner.ts'

describe('port scanner', () => {
  it('finds the ports at which somebody listens, and no others', async () => {
    const listeners = [await listen('127.0.0.1:0'), await listen('127.0.0.1:0')]
    const gone = await listen('127.0.0.1:0')
    const ports = [...listeners, gone].map(({ address }) => address.port!)
    gone.close()
    const found: number[] = []
    for await (const port of openPorts(ports)) found.push(port)
    for (const listener of listeners) listener.close()
    expect(new Set(found)).toEqual(new Set(ports.slice(0, 2)))
  })
})
