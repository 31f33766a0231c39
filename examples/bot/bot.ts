// A bot for IRC: it joins a channel, answers `!add 1 2`, and reminds of things: `!remind 60 tea`.
import { connect, Group, pauseFor, type AddressLike } from 'greenhouse'

type Say = (text: string) => PromiseLike<void>

/** Each command has a greenlet of its own, so that it may take its time. */
const commands: Record<string, (say: Say, words: string[]) => Promise<void>> = {
  async add(say, numbers) {
    await say(`that is ${numbers.map(Number).reduce((sum, number) => sum + number, 0)}`)
  },
  async remind(say, [seconds, ...what]) {
    await pauseFor(Number(seconds) * 1000)
    await say(`remember: ${what.join(' ')}`)
  },
}

/** Runs until the server hangs up. */
export async function runBot(server: AddressLike, nick: string, channel: string): Promise<void> {
  const socket = await connect(server)
  const irc = socket.makeFile('rw', { encoding: 'utf8', bufferBytes: 0 })
  const send = (line: string) => irc.write(`${line}\r\n`)
  try {
    await send(`NICK ${nick}`)
    await send(`USER ${nick} 0 * :a greenhouse bot`)
    await Group.run(async (group) => {
      for await (const line of irc) {
        const [, nickname, command, rest = ''] = /^(?::([^! ]+)\S* )?(\S+) ?(.*?)\r?\n?$/.exec(
          line,
        )!
        const [, name = '', words = ''] = /:!(\w+) ?(.*)/.exec(rest) ?? []
        const say: Say = (text) => send(`PRIVMSG ${channel} :${nickname}, ${text}`)
        if (command === 'PING') await send(`PONG ${rest}`)
        else if (command === '001') await send(`JOIN ${channel}`)
        else if (command === 'PRIVMSG' && Object.hasOwn(commands, name))
          group.schedule(commands[name]!, say, words.split(' '))
      }
      group.end()
    })
  } finally {
    socket.close()
  }
}
