// npx tsx examples/echo-server/main.ts [ADDRESS]
import { formatAddress, gracefulStop } from 'greenhouse'
import { echoServer } from './echo-server.ts'

const address = await echoServer.start(process.argv[2] ?? 'localhost:7777')
console.log(`echoing at ${formatAddress(address)}; stop it with Ctrl-C`)
await gracefulStop([echoServer])
