import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Address, type Socket } from 'greenhouse'
import { chatServer } from './chat-server.ts'

let address: Address
const sockets: Socket[] = []
beforeAll(async () => {
  address = await chatServer.start('127.0.0.1:0')
})
afterAll(async () => {
  for (const socket of sockets) socket.close()
  expect(await chatServer.stop()).toBe(true)
})

async function enter(name: string) {
  const socket = await connect(address)
  sockets.push(socket)
  const file = socket.makeFile('rw', { encoding: 'utf8', bufferBytes: 0 })
  expect(await file.read('Your name? '.length)).toBe('Your name? ')
  await file.write(`${name}\n`)
  expect(await file.readline()).toBe(`* ${name} has come\n`)
  return { socket, say: (line: string) => file.write(`${line}\n`), hear: () => file.readline() }
}

describe('chat server', () => {
  it('tells every line to everybody, and who comes and goes', async () => {
    const ann = await enter('ann')
    const bob = await enter('bob')
    expect(await ann.hear()).toBe('* bob has come\n')
    await ann.say('hello')
    for (const each of [ann, bob]) expect(await each.hear()).toBe('ann: hello\n')
    await bob.say('so long')
    for (const each of [ann, bob]) expect(await each.hear()).toBe('bob: so long\n')
    bob.socket.close()
    expect(await ann.hear()).toBe('* bob has gone\n')
  })
})
