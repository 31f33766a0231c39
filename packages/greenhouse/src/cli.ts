#!/usr/bin/env node
// The `greenhouse` command. Each subcommand has a file of its own.
import { Command } from 'commander'
import { backdoorCommand } from './cli/backdoor.ts'
import { doctorCommand } from './cli/doctor.ts'
import { explainCommand } from './cli/explain.ts'
import { runCommand } from './cli/run.ts'
import { topCommand } from './cli/top.ts'

const program = new Command('greenhouse')
  .description('Runs programs that were written to block, and looks into them')
  .enablePositionalOptions()
  .addCommand(runCommand())
  .addCommand(explainCommand())
  .addCommand(backdoorCommand())
  .addCommand(topCommand())
  .addCommand(doctorCommand())

program.parse()
