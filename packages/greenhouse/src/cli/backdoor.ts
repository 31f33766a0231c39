// `greenhouse backdoor ADDRESS`: a terminal on the inside of a running process.
import { readStuckLine, runBackdoorTerminal } from '@greenhouse/backdoor'
import { Command } from 'commander'
import {
  addressOf,
  connectingOptions,
  orSay,
  wantsColors,
  withConnectingOptions,
  type ConnectingFlags,
} from './connecting.ts'

/** The subcommand `backdoor`. */
export function backdoorCommand(): Command {
  return withConnectingOptions(new Command('backdoor'))
    .description('Look into a running process that holds a backdoor open, and act in it')
    .option('--stuck', 'ask what holds its event loop, of the thread that answers even then')
    .action((address: string, flags: ConnectingFlags & { readonly stuck?: boolean }) =>
      orSay(flags.stuck === true ? stuck(address, flags) : terminal(address, flags)),
    )
}

async function terminal(address: string, flags: ConnectingFlags): Promise<void> {
  await runBackdoorTerminal(addressOf(address), {
    ...connectingOptions(flags),
    colors: wantsColors(flags),
  })
}

async function stuck(address: string, flags: ConnectingFlags): Promise<void> {
  process.stdout.write(await readStuckLine(addressOf(address), connectingOptions(flags)))
}
