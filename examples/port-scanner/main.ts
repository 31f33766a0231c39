// npx tsx examples/port-scanner/main.ts [FIRST] [LAST]
import { openPorts } from './port-scanner.ts'

const [first = 1, last = 65_535] = process.argv.slice(2).map(Number)

for await (const port of openPorts(portsFrom(first, last))) console.log(port)

function* portsFrom(port: number, end: number): Generator<number> {
  while (port <= end) yield port++
}
