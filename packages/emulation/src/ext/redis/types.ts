// What the adapter uses of node-redis 6, by shape.
export interface CommandOptions {
  readonly abortSignal?: AbortSignal
}

type Argument = string | Buffer

export interface RedisClient {
  readonly isReady: boolean
  readonly socketEpoch?: number
  readonly clientSideCache?: unknown
  readonly _commandOptions?: CommandOptions
  readonly _self: RedisClient
  sendCommand(args: readonly Argument[], options?: CommandOptions): Promise<unknown>
  _executeCommand(...args: unknown[]): Promise<unknown>
  connect(): Promise<unknown>
  duplicate(options?: object): RedisClient
  destroy(): void
  on(event: 'error', listener: () => void): unknown
}
