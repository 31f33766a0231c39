import { describe, expect, it } from 'vitest'
import { Queue, schedule, StreamServer, type SocketFile } from 'greenhouse'
import { runBot } from './bot.ts'

describe('bot', () => {
  it('joins its channel, answers pings and commands, and ends with the server', async () => {
    const guests = new Queue<SocketFile<string>>()
    const over = new Queue<void>()
    const server = new StreamServer(async (socket) => {
      await guests.put(socket.makeFile('rw', { encoding: 'utf8', bufferBytes: 0 }))
      await over.get()
    })
    const bot = schedule(runBot, await server.start('127.0.0.1:0'), 'robby', '#tea')

    const guest = await guests.get()
    const hear = async () => (await guest.readline()).trimEnd()
    const say = (line: string) => guest.write(`${line}\r\n`)
    expect(await hear()).toBe('NICK robby')
    expect(await hear()).toBe('USER robby 0 * :a greenhouse bot')
    await say(':irc.test 001 robby :Welcome')
    expect(await hear()).toBe('JOIN #tea')
    await say('PING :irc.test')
    expect(await hear()).toBe('PONG :irc.test')
    await say(':ann!ann@host PRIVMSG #tea :!remind 0.05 the kettle')
    await say(':bob!bob@host PRIVMSG #tea :!nonsense')
    await say(':bob!bob@host PRIVMSG #tea :!add 1 2 3')
    expect(await hear()).toBe('PRIVMSG #tea :bob, that is 6')
    expect(await hear()).toBe('PRIVMSG #tea :ann, remember: the kettle')
    await say(':ann!ann@host PRIVMSG #tea :!remind 3600 the end of the world')
    await over.put()
    await bot.join()
    expect(await server.stop()).toBe(true)
  })
})
