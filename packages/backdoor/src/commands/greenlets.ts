// Commands that look at greenlets, and those that act on them.
import {
  dump,
  end,
  formatDump,
  isGreenlet,
  mainGreenlet,
  scheduleException,
  wait,
  type Greenlet,
  type GreenletDump,
} from '@greenhouse/scheduler'
import { dumpGreenlet, livingGreenlets } from '@greenhouse/scheduler/kernel'
import type { Command } from './command.ts'
import { printable } from './table.ts'

const MOST = 500

export const greenletCommands: readonly Command[] = [
  {
    name: 'greenlets',
    usage: '[TEXT]',
    help: 'The greenlets as a tree, or those whose line contains TEXT',
    permission: 'inspect',
    run: (text) => tree(text),
  },
  {
    name: 'greenlet',
    usage: 'ID',
    help: 'One greenlet: what it waits for, since when, who has it',
    permission: 'inspect',
    run: (id) => formatted([dumpGreenlet(greenletOf(id))]),
  },
  {
    name: 'end',
    usage: 'ID',
    help: 'End a greenlet',
    permission: 'act',
    run(id) {
      const greenlet = greenletOf(id)
      end(greenlet)
      return `Ended ${named(greenlet)}`
    },
  },
  {
    name: 'throw',
    usage: 'ID EXPRESSION',
    help: 'Throw what the expression gives into a greenlet',
    permission: 'evaluate',
    async run(argument, { evaluate }) {
      const [, id, expression] = /^(\S+)\s+(.+)$/s.exec(argument) ?? []
      if (id === undefined || expression === undefined) {
        throw new Error('Usage: .throw ID EXPRESSION')
      }
      const greenlet = greenletOf(id)
      scheduleException(await wait(evaluate!(expression)), greenlet)
      return `Thrown into ${named(greenlet)}`
    },
  },
]

/** The living greenlet of an id. */
export function greenletOf(id: string): Greenlet {
  const wanted = /^\d+$/.test(id) ? Number(id) : -1
  if (wanted === mainGreenlet.id) return mainGreenlet
  const greenlet = livingGreenlets().find((other) => other.id === wanted)
  if (greenlet === undefined || !isGreenlet(greenlet)) {
    throw new Error(`There is no living greenlet ${printable(id) || 'without an id'}`)
  }
  return greenlet
}

function tree(text: string): string {
  const { greenlets } = dump()
  const chosen =
    text === '' ? greenlets : greenlets.filter((one) => formatted([one]).includes(text))
  const shown = formatted(chosen.slice(0, MOST))
  if (chosen.length <= MOST) return shown || 'None'
  return `${shown}\n… and ${chosen.length - MOST} more; .greenlets TEXT shows those whose line contains TEXT`
}

function formatted(greenlets: readonly GreenletDump[]): string {
  const text = formatDump({ greenlets, registered: [] })
  return text.split('\n').map(printable).join('\n')
}

function named(greenlet: Greenlet): string {
  return `greenlet ${greenlet.id} "${printable(greenlet.name)}"`
}
