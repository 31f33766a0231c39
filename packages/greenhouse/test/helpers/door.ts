// The commands of the backdoor, as a program of their own.
import { Command } from 'commander'
import { backdoorCommand } from '../../src/cli/backdoor.ts'
import { topCommand } from '../../src/cli/top.ts'

await new Command('greenhouse')
  .addCommand(backdoorCommand())
  .addCommand(topCommand())
  .parseAsync(process.argv)
