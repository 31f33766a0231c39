// What `backdoor` and `top` take to get in.
import { readFileSync } from 'node:fs'
import type { ConnectBackdoorOptions } from '@greenhouse/backdoor'
import type { Command } from 'commander'

/** What the command line says of the way in. */
export interface ConnectingFlags {
  readonly token?: string
  readonly tokenFile?: string
  readonly tls?: boolean
  readonly ca?: string
  readonly color?: boolean
}

/** Adds the options of the way in. */
export function withConnectingOptions(command: Command): Command {
  return command
    .argument('<address>', 'host:port, a port of this machine, or unix:/path')
    .option('--token <token>', 'the token; better in GREENHOUSE_TOKEN, where `ps` does not show it')
    .option('--token-file <file>', 'a file that holds the token')
    .option('--tls', 'speak TLS')
    .option('--ca <file>', 'speak TLS, and trust this certificate')
    .option('--no-color', 'no colours')
}

/** Reads them. */
export function connectingOptions(flags: ConnectingFlags): ConnectBackdoorOptions {
  const { tokenFile, ca } = flags
  const fromFile = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim()
  const token = flags.token ?? fromFile ?? process.env['GREENHOUSE_TOKEN']
  const tls = ca !== undefined ? { ca: readFileSync(ca) } : flags.tls
  return {
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined || tls === false ? {} : { tls }),
  }
}

/** Whether colours are wanted. */
export function wantsColors({ color = true }: ConnectingFlags): boolean {
  return color && process.env['NO_COLOR'] === undefined
}

/** `8080` on a command line is a port. */
export function addressOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** Says what went wrong, without a stack: it is the user's business. */
export async function orSay(doing: PromiseLike<unknown>): Promise<void> {
  try {
    await doing
  } catch (error) {
    process.stderr.write(`greenhouse: ${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
