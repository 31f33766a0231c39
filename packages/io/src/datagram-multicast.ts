// Multicast of a datagram socket: groups, and how what is sent to them goes out.
import type { DatagramPort } from './datagram-port.ts'

/** Which datagrams of a multicast group. */
export interface MulticastOptions {
  /** The IP address of an interface, for IPv6 `::%eth0`; the system's choice by default. */
  readonly interface?: string | undefined
  /** The one host whose datagrams are wanted; all by default. */
  readonly source?: string | undefined
}

/** The `multicast` of a `DatagramSocket`. Every call throws GH_INVALID_STATE before the socket is bound, GH_CLOSED after. */
export class Multicast {
  /** @internal */
  readonly port: DatagramPort

  /** @internal */
  constructor(port: DatagramPort) {
    this.port = port
  }

  /**
   * Joins a group: its datagrams are received.
   *
   * @param group - The group's IP address.
   * @param options - `interface`, `source`.
   * @throws {GH_INVALID_STATE}; {GH_CLOSED}; Node's own (`EINVAL`, `ENODEV`, …).
   * @example
   * ```ts
   * import { DatagramSocket } from '@greenhouse/io'
   *
   * const socket = new DatagramSocket({ reuseAddress: true })
   * const { port } = await socket.bind()
   * socket.multicast.join('239.255.70.70', { interface: '127.0.0.1' })
   * socket.multicast.setInterface('127.0.0.1')
   * await socket.sendTo(Buffer.from('to all'), { host: '239.255.70.70', port })
   * console.log(String(await socket.recv({ timeoutMs: 5000 }))) // => to all
   * socket.close()
   * ```
   */
  join(group: string, options: MulticastOptions = {}): void {
    const dgram = this.port.demandBound()
    if (options.source === undefined) dgram.addMembership(group, options.interface)
    else dgram.addSourceSpecificMembership(options.source, group, options.interface)
  }

  /** Leaves a group that was joined with the same options. Otherwise as `join`. */
  leave(group: string, options: MulticastOptions = {}): void {
    const dgram = this.port.demandBound()
    if (options.source === undefined) dgram.dropMembership(group, options.interface)
    else dgram.dropSourceSpecificMembership(options.source, group, options.interface)
  }

  /** Sets through which interface (its IP address, for IPv6 `::%eth0`) multicast goes out. */
  setInterface(address: string): void {
    this.port.demandBound().setMulticastInterface(address)
  }

  /** Sets how many hops multicast may make, 0 to 255; 1 by default: the local network. */
  setTtl(hops: number): void {
    this.port.demandBound().setMulticastTTL(hops)
  }

  /** Sets whether multicast that this socket sends comes back to this machine; true by default. */
  setLoopback(flag: boolean): void {
    this.port.demandBound().setMulticastLoopback(flag)
  }
}
