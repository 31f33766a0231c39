// npx tsx examples/chat-server/main.ts [ADDRESS]
import { formatAddress, gracefulStop } from 'greenhouse'
import { chatServer } from './chat-server.ts'

const address = await chatServer.start(process.argv[2] ?? 'localhost:7777')
console.log(`chatting at ${formatAddress(address)}; stop it with Ctrl-C`)
await gracefulStop([chatServer])
