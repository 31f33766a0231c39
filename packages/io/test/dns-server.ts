// A name server on the loopback interface for tests: answers from a table, counts what it is asked, and can fall silent.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface Zone {
  readonly A?: readonly string[]
  readonly AAAA?: readonly string[]
  readonly PTR?: readonly string[]
  readonly ttl?: number
  /** Answers with this code instead: 2 is SERVFAIL. */
  readonly rcode?: number
  /** Never answers. */
  readonly silent?: boolean
}

export interface NameServer {
  /** For the option `servers`. */
  readonly servers: string[]
  /** What was asked, in order: `A www.test`. */
  readonly asked: string[]
  readonly zones: Map<string, Zone>
  /** Resolves when so many questions have come. */
  arrived(count: number): Promise<void>
  close(): Promise<void>
}

const TYPES = new Map([
  [1, 'A'],
  [12, 'PTR'],
  [28, 'AAAA'],
] as const)

export async function nameServer(table: Record<string, Zone>): Promise<NameServer> {
  const socket = createSocket('udp4')
  const zones = new Map(Object.entries(table))
  const asked: string[] = []
  const watchers = new Set<() => void>()
  socket.on('message', (query, peer) => {
    const { name, type, end } = question(query)
    asked.push(`${type} ${name}`)
    for (const watcher of watchers) watcher()
    const zone = zones.get(name)
    if (zone?.silent === true) return
    socket.send(reply(query.subarray(0, end), zone, type), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    servers: [`127.0.0.1:${socket.address().port}`],
    asked,
    zones,
    arrived: (count) =>
      new Promise((resolve) => {
        const watcher = () => {
          if (asked.length < count) return
          watchers.delete(watcher)
          resolve()
        }
        watchers.add(watcher)
        watcher()
      }),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

type Type = 'A' | 'AAAA' | 'PTR'

function question(query: Buffer): { name: string; type: Type; end: number } {
  const labels: string[] = []
  let at = 12
  while (query[at] !== 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
    at += query[at]! + 1
  }
  // c-ares may write letters in either case.
  const name = labels.join('.').toLowerCase()
  return { name, type: TYPES.get(query.readUInt16BE(at + 1) as 1)! as Type, end: at + 5 }
}

function reply(query: Buffer, zone: Zone | undefined, type: Type): Buffer {
  const records = zone?.[type] ?? []
  const header = Buffer.from(query)
  header.writeUInt16BE(0x8180 | (zone === undefined ? 3 : (zone.rcode ?? 0)), 2)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, ...records.map((value) => record(type, value, zone?.ttl ?? 60))])
}

function record(type: Type, value: string, ttl: number): Buffer {
  const data = dataOf(type, value)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc0_0c, 0)
  head.writeUInt16BE(type === 'A' ? 1 : type === 'PTR' ? 12 : 28, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function dataOf(type: Type, value: string): Buffer {
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  if (type === 'PTR') {
    const labels = value.split('.').map((label) => `${String.fromCodePoint(label.length)}${label}`)
    return Buffer.from(`${labels.join('')}\0`, 'latin1')
  }
  // Written in full: eight groups.
  return Buffer.from(
    value.split(':').flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]),
  )
}
