// The public names of @greenhouse/io.

// Sockets
export { formatAddress, parseAddress, type Address, type AddressLike } from './address.ts'
export { Socket } from './socket.ts'
export { connect, listen } from './socket-open.ts'
export { SocketFile, type MakeFileOptions, type TextEncoding } from './make-file.ts'
export type { SendFileOptions } from './socket-send-file.ts'
export { getDefaultTimeout, setDefaultTimeout, type ConnectOptions } from './socket-options.ts'
export type { Listener, ListenOptions } from './server-listener.ts'

// TLS
export type { StartTlsOptions, TlsClientOptions, TlsServerOptions } from './tls-options.ts'

// Servers
export {
  StreamServer,
  type ConnectionHandler,
  type StreamServerOptions,
  type StreamServerStatistics,
} from './stream-server.ts'
export {
  serveHttp,
  type HttpHandler,
  type HttpServer,
  type HttpStatistics,
  type ServeHttpOptions,
} from './serve-http.ts'

// Datagrams
export { DatagramSocket, type DatagramStatistics, type ReceivedInto } from './datagram-socket.ts'
export type { Datagram, DatagramAddress, DropPolicy } from './datagram-inbox.ts'
export type { Multicast, MulticastOptions } from './datagram-multicast.ts'
export type { DatagramOptions } from './datagram-options.ts'

// Files
export { fromFd, open, type OpenMode, type OpenOptions } from './open.ts'
export { File } from './file.ts'
export { readFile, writeFile } from './file-whole.ts'
export { writeFileAtomic } from './atomic-write.ts'
export { walk, type Walk, type WalkEntry, type WalkOptions } from './walk.ts'
export { stderr, stdin, stdout } from './stdio.ts'
export type { Whence } from './core/fd-backend.ts'

// Pipes
export { pipe, type PipeOptions } from './pipe.ts'
export { waitFds, type ReadyFds } from './wait-fds.ts'
export { PipeReader } from './pipe-reader.ts'
export { PipeWriter } from './pipe-writer.ts'
export type { ByteReader } from './byte-reader.ts'
export type { Data } from './core/buffered-output.ts'
export type { EncodingOptions } from './core/buffered-options.ts'

// Names
export { resolveName, getAddrInfo, type AddrInfo } from './resolve-name.ts'
export { getNameInfo, type NameInfo, type NameInfoOptions } from './dns-name-info.ts'
export { clearNameCache } from './dns-cache.ts'
export type { ResolveOptions } from './dns-options.ts'

// Processes
export { Process } from './process.ts'
export { runProcess } from './run-process.ts'
export { ProcessError } from './process-error.ts'
export type { ProcessExit, ProcessOutput, ProcessResult } from './process-result.ts'
export type {
  CommunicateOptions,
  ProcessOptions,
  RunOptions,
  SpawnOptions,
  Stdio,
} from './process-options.ts'

// Signals
export { waitSignal } from './signal-wait.ts'
export { SignalWatcher } from './signal-watcher.ts'
export {
  gracefulStop,
  type Endable,
  type GracefulStopOptions,
  type Stoppable,
  type StopTarget,
} from './graceful-stop.ts'
