// Makes sense of lines where nothing is evaluated: commands alone. There is no REPL behind it, and no context to run code in.
import { createInterface } from 'node:readline'
import { commandsFor } from '../commands/all.ts'
import { messageOf } from './message.ts'
import { Keyboard } from './keyboard.ts'
import { stayRunning } from './stay-running.ts'
import type { Interpreter, Session } from './session.ts'

export function inspectInterpreter(session: Session): Interpreter {
  const commands = commandsFor(session.settings.permissions)
  const { output, terminal } = session
  const keyboard = new Keyboard()
  const lines = createInterface({
    input: keyboard.stream,
    output,
    terminal,
    prompt: '> ',
    completer(line: string) {
      const all = [...commands.map(({ name }) => `.${name}`), '.help', '.exit']
      const hits = all.filter((name) => name.startsWith(line))
      return [hits.length > 0 ? hits : all, line]
    },
  })
  stayRunning(lines)
  // Lines that came with the one that left are heard yet, what ran may end later, and printing may hang up.
  let left = false
  const finish = (text: string) => {
    if (text !== '') output.print(`${text}\n`)
    if (!left) lines.prompt()
  }
  lines.on('line', (line: string) => {
    if (left) return
    const [, name, argument = ''] = /^\.(\S+)\s*(.*?)\s*$/s.exec(line.trim()) ?? []
    if (line.trim() === '') return finish('')
    if (name === 'exit') return session.close()
    if (name === 'help') return finish(help())
    const command = commands.find((other) => other.name === name)
    if (command === undefined) {
      return finish('This backdoor evaluates nothing. .help lists what it does.')
    }
    const context = { evaluate: null, print: (text: string) => output.print(text) }
    session.run(
      `backdoor .${command.name}`,
      async () => command.run(argument, context),
      (error, text) => finish(error === null ? String(text) : messageOf(error)),
      true,
    )
  })
  lines.on('SIGINT', () => finish(''))
  lines.on('close', () => {
    if (left) return
    left = true
    session.close()
  })

  function help(): string {
    const rows = commands.map(({ name, usage = '', help: text }) => [`.${name} ${usage}`, text])
    return [...rows, ['.exit', 'Leave']]
      .map(([usage, text]) => `${usage!.padEnd(24)} ${text}`)
      .join('\n')
  }

  lines.prompt()
  return {
    feed: (piece) => keyboard.type(terminal ? piece : `${piece}\n`),
    interrupt: () => finish(''),
    stray: (error) => finish(`Uncaught ${messageOf(error)}`),
    close() {
      left = true
      lines.close()
    },
  }
}
