// The server of the fan-out benchmark: answers any GET after 20 ms with 1 KiB. By hand, so that it is never what is measured.
import { createServer } from 'node:net'

const DELAY_MS = 20
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1024\r\n\r\n${'x'.repeat(1024)}`,
)

const server = createServer({ noDelay: true }, (socket) => {
  let rest = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    const requests = (rest + chunk).split('\r\n\r\n')
    rest = requests.pop()
    for (let i = 0; i < requests.length; i++) setTimeout(() => socket.write(answer), DELAY_MS)
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port))
