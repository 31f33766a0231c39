// `greenhouse top ADDRESS`: how a running process does, live.
import { runTop, type TopOrder } from '@greenhouse/backdoor'
import { Command, InvalidArgumentError, Option } from 'commander'
import {
  addressOf,
  connectingOptions,
  orSay,
  wantsColors,
  withConnectingOptions,
  type ConnectingFlags,
} from './connecting.ts'

interface TopFlags extends ConnectingFlags {
  readonly interval: number
  readonly once?: boolean
  readonly sort: TopOrder
}

/** The subcommand `top`. */
export function topCommand(): Command {
  return withConnectingOptions(new Command('top'))
    .description('Show the greenlets, the event loop and the pools of a running process')
    .option('--interval <seconds>', 'how long each look takes', seconds, 1)
    .option('--once', 'show one look, and end')
    .addOption(
      new Option('--sort <column>').choices(['run', 'wait', 'switches', 'id']).default('run'),
    )
    .action((address: string, flags: TopFlags) =>
      orSay(
        runTop(addressOf(address), {
          ...connectingOptions(flags),
          colors: wantsColors(flags),
          intervalMs: flags.interval * 1000,
          once: flags.once === true,
          order: flags.sort,
        }),
      ),
    )
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 60)) throw new InvalidArgumentError('Give 0.1 to 60 seconds.')
  return value
}
