// An echo server: whatever a client sends comes back to it, until it says no more.
import { StreamServer } from 'greenhouse'

export const echoServer: StreamServer = new StreamServer(function* (socket) {
  for (let bytes; (bytes = yield* socket.recv()).length > 0;) yield* socket.sendAll(bytes)
})
