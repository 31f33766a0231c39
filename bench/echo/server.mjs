// The echo servers on Node: node server.mjs NAME. Prints its port.
import { createServer } from 'node:net'

const servers = {
  greenhouse: () => serveGenerators(echo),
  'greenhouse, recvInto': () => serveGenerators(echoInto),
  'greenhouse, await': serveAsync,
  'net callbacks': () => serveNet({}, callBack),
  'net callbacks, back-pressure': () => serveNet({}, callBackInTurn),
  'net async iterator': () => serveNet({ allowHalfOpen: true }, iterate),
  'limit: raw tcp_wrap': serveRaw,
}

const port = await servers[process.argv[2]]()
console.log(port)

async function serveGenerators(echo) {
  const { schedule } = await import('@greenhouse/scheduler')
  const { listen } = await import('@greenhouse/io')
  const listener = await listen('127.0.0.1:0', { backlog: 4096 })
  schedule(function* () {
    for (;;) schedule(echo, yield* listener.accept())
  })
  return listener.address.port
}

function* echo(socket) {
  try {
    for (let data; (data = yield* socket.recv()).length > 0;) yield* socket.sendAll(data)
  } catch {
    // The peer has gone.
  } finally {
    socket.close()
  }
}

/** In memory that each connection has for itself. */
function* echoInto(socket) {
  const memory = Buffer.allocUnsafeSlow(16_384)
  try {
    for (let length; (length = yield* socket.recvInto(memory)) > 0;) {
      yield* socket.sendAll(memory.subarray(0, length))
    }
  } catch {
    // The peer has gone.
  } finally {
    socket.close()
  }
}

async function serveAsync() {
  const { schedule } = await import('@greenhouse/scheduler')
  const { listen } = await import('@greenhouse/io')
  const listener = await listen('127.0.0.1:0', { backlog: 4096 })
  async function echo(socket) {
    try {
      for (let data; (data = await socket.recv()).length > 0;) await socket.sendAll(data)
    } catch {
      // The peer has gone.
    } finally {
      socket.close()
    }
  }
  schedule(async () => {
    for (;;) schedule(echo, await listener.accept())
  })
  return listener.address.port
}

function serveNet(options, echo) {
  return new Promise((resolve) => {
    const server = createServer({ noDelay: true, ...options }, echo)
    server.listen(0, '127.0.0.1', 4096, () => resolve(server.address().port))
  })
}

function callBack(socket) {
  socket.on('data', (data) => socket.write(data))
  socket.on('error', () => socket.destroy())
}

function callBackInTurn(socket) {
  socket.on('data', (data) => {
    if (socket.write(data)) return
    socket.pause()
    socket.once('drain', () => socket.resume())
  })
  socket.on('error', () => socket.destroy())
}

async function iterate(socket) {
  try {
    for await (const data of socket) {
      if (socket.write(data)) continue
      await new Promise((resolve) => socket.once('drain', resolve))
    }
  } catch {
    // The peer has gone.
  } finally {
    socket.destroy()
  }
}

/** On the handles below Node's streams: nothing that runs JavaScript on libuv can be much faster. */
function serveRaw() {
  const { TCP, constants } = process.binding('tcp_wrap')
  const { WriteWrap, streamBaseState, kReadBytesOrError } = process.binding('stream_wrap')
  const server = new TCP(constants.SERVER)
  server.bind('127.0.0.1', 0)
  server.onconnection = (error, connection) => {
    if (error) return
    connection.setNoDelay(true)
    connection.onread = function (memory) {
      const length = streamBaseState[kReadBytesOrError]
      if (length <= 0 || memory === undefined) return connection.close()
      const request = new WriteWrap()
      request.oncomplete = () => {}
      connection.writeBuffer(request, new Uint8Array(memory, 0, length))
    }
    connection.readStart()
  }
  server.listen(4096)
  const bound = {}
  server.getsockname(bound)
  return bound.port
}
