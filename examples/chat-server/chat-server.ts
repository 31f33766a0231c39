// A chat server: who connects says a name, then everybody hears every line. Try it with `nc localhost 7777`.
import { Group, Queue, StreamServer } from 'greenhouse'

const HISTORY = 100
const members = new Set<Queue<string>>()

/** Never waits: who does not read for 100 lines misses some, and holds up nobody. */
function tell(line: string): void {
  for (const member of members) member.tryPut(line)
}

export const chatServer: StreamServer = new StreamServer(async (socket) => {
  const file = socket.makeFile('rw', { encoding: 'utf8', bufferBytes: 0 })
  await file.write('Your name? ')
  const name = (await file.readline()).trim()
  const heard = new Queue<string>(HISTORY)
  members.add(heard)
  tell(`* ${name} has come\n`)
  try {
    await Group.run(async (group) => {
      group.schedule(async () => {
        for await (const line of heard) await file.write(line)
      })
      for await (const line of file) tell(`${name}: ${line.trim()}\n`)
      group.end()
    })
  } finally {
    members.delete(heard)
    tell(`* ${name} has gone\n`)
  }
})
