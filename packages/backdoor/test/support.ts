// A client for tests: says something, and reads until it sees something.
import { connect, StreamServer, type Address, type Socket } from '@greenhouse/io'
import { end, schedule, type Greenlet } from '@greenhouse/scheduler'
import { runBackdoor } from '../src/backdoor.ts'
import { backdoorHandler } from '../src/handler.ts'
import type { BackdoorOptions, BackdoorSessionOptions } from '../src/options.ts'

export class TestClient {
  readonly socket: Socket
  /** Read, and not looked at. */
  text = ''
  ended = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  static async connect(address: Address | string): Promise<TestClient> {
    return new TestClient(await connect(address))
  }

  async say(words: string | Uint8Array): Promise<void> {
    await this.socket.sendAll(Buffer.from(words as string))
  }

  /** Reads up to and with some text, and gives what stood before it. */
  async until(mark: string, timeoutMs = 5000): Promise<string> {
    for (;;) {
      const at = this.text.indexOf(mark)
      if (at !== -1) {
        const before = this.text.slice(0, at)
        this.text = this.text.slice(at + mark.length)
        return before
      }
      const bytes = await this.socket.recv(undefined, { timeoutMs }).catch((error) => {
        throw new Error(`Waiting for ${JSON.stringify(mark)}, got ${JSON.stringify(this.text)}`, {
          cause: error,
        })
      })
      if (bytes.length === 0) {
        throw new Error(`The end, before ${JSON.stringify(mark)}: ${JSON.stringify(this.text)}`)
      }
      this.text += bytes.toString('latin1')
    }
  }

  /** Evaluates a line; gives what is said up to the next prompt. */
  async ask(line: string): Promise<string> {
    await this.say(`${line}\n`)
    return this.until('> ')
  }

  /** Everything up to the end. */
  async rest(): Promise<string> {
    for (let bytes; (bytes = await this.socket.recv(undefined, { timeoutMs: 5000 })).length > 0;) {
      this.text += bytes.toString('latin1')
    }
    const { text } = this
    this.text = ''
    return text
  }

  close(): void {
    this.socket.close()
  }
}

/** Serves backdoors on a free port while `fn` runs. */
export async function withHandler(
  options: BackdoorSessionOptions & { namespace?: object },
  fn: (address: Address) => Promise<void>,
): Promise<void> {
  const server = new StreamServer((socket) =>
    backdoorHandler(socket, options.namespace, { banner: 'Hello', ...options }),
  )
  try {
    await fn(await server.start('127.0.0.1:0'))
  } finally {
    await server.stop({ timeoutMs: 0 })
  }
}

/** Runs a backdoor while `fn` runs. */
export async function withBackdoor(
  { onStuck, ...options }: BackdoorOptions & { at?: string; onStuck?: (address: string) => void },
  fn: (address: string, greenlet: Greenlet) => Promise<void>,
): Promise<void> {
  let greenlet: Greenlet | undefined
  const address = await new Promise<string>((resolve, reject) => {
    greenlet = schedule(() =>
      runBackdoor(options.at ?? '127.0.0.1:0', {
        banner: 'Hello',
        stuckLine: false,
        onListening: ({ address: bound, stuckAddress }) => {
          if (stuckAddress !== null) onStuck?.(stuckAddress)
          resolve(bound)
        },
        ...options,
      }),
    )
    greenlet.join().catch(reject)
  })
  try {
    await fn(address, greenlet!)
  } finally {
    end(greenlet!)
    await greenlet!.join().catch(() => {})
  }
}

/** Waits until something holds, a turn of the event loop at a time. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 5000) throw new Error('It never came to hold')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
