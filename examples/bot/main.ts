// npx tsx examples/bot/main.ts SERVER:PORT NICK '#CHANNEL'
import { runBot } from './bot.ts'

const [server, nick, channel] = process.argv.slice(2)
if (server === undefined || nick === undefined || channel === undefined) {
  console.error("npx tsx examples/bot/main.ts SERVER:PORT NICK '#CHANNEL'")
  process.exit(2)
}
await runBot(server, nick, channel)
