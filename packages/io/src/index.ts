// The public names of @greenhouse/io.

// Sockets
export { formatAddress, parseAddress, type Address, type AddressLike } from './address.ts'

// TLS

// Servers

// Datagrams
export { DatagramSocket, type DatagramStatistics, type ReceivedInto } from './datagram-socket.ts'
export type { Datagram, DatagramAddress, DropPolicy } from './datagram-inbox.ts'
export type { Multicast, MulticastOptions } from './datagram-multicast.ts'
export type { DatagramOptions } from './datagram-options.ts'

// Files

// Pipes

// Names
export { resolveName, getAddrInfo, type AddrInfo } from './resolve-name.ts'
export { getNameInfo, type NameInfo, type NameInfoOptions } from './dns-name-info.ts'
export { clearNameCache } from './dns-cache.ts'
export type { ResolveOptions } from './dns-options.ts'

// Processes

// Signals
