// Makes sense of lines with Node's own REPL: editing, history, completion, several lines, top-level `await`. What it evaluates
// runs in a greenlet of the session instead of on the stack of whoever brought the line.
import { Console } from 'node:console'
import { EventEmitter } from 'node:events'
import type { REPLServer, ReplOptions } from 'node:repl'
import { inspect } from 'node:util'
import { runInContext, type Context } from 'node:vm'
import { commandsFor } from '../commands/all.ts'
import { Keyboard } from './keyboard.ts'
import { messageOf } from './message.ts'
import { stayRunning } from './stay-running.ts'
import type { Interpreter, Session } from './session.ts'

type Callback = (error: Error | null, value?: unknown) => void
type Eval = (this: REPLServer, code: string, context: Context, file: string, done: Callback) => void

/** What outlives one interpreter of a session. */
export interface ReplState {
  readonly namespace: object
  context: Context | null
  history: string[]
}

/** What is typed by habit to leave, and would take the process along. */
const LEAVES_PROCESS =
  /^\s*(?:await\s+)?process\s*\.\s*(?:exit|abort|reallyExit)\s*\([^)]*\)\s*;?\s*$/

export function replInterpreter(session: Session, state: ReplState): Interpreter {
  const { output, terminal, colors } = session
  const keyboard = new Keyboard()
  // Told of an error of the expression that runs, where the REPL does not call back.
  let failed: ((error: unknown) => void) | null = null
  let left = false
  const server = startRepl({
    prompt: '> ',
    input: keyboard.stream,
    output,
    terminal,
    useColors: colors,
    useGlobal: false,
    ignoreUndefined: true,
    // It would evaluate what is half typed, for up to half a second a key.
    preview: false,
    writer: (value: unknown) => inspect(value, { colors, showProxy: true }),
    handleError(error: unknown) {
      if (failed !== null) {
        failed(error)
        return 'ignore'
      }
      if (left) return 'ignore'
      return session.open ? 'print' : 'unhandled'
    },
  } as ReplOptions)
  const evaluate = server.eval as Eval
  const replace = server as { eval: Eval }
  replace.eval = (code, context, file, done) => {
    // Completion asks for values in passing.
    if (!code.endsWith('\n')) return evaluate.call(server, code, context, file, done)
    if (code.length > session.settings.maxLineLength) {
      return done(new RangeError(`More than ${session.settings.maxLineLength} characters`))
    }
    if (LEAVES_PROCESS.test(code)) {
      const way = '.exit leaves; process.kill(process.pid) ends the process'
      return done(new Error(`This would end the whole process, not the session: ${way}`))
    }
    session.run(
      'backdoor expression',
      () =>
        new Promise((resolve, reject) => {
          failed = (error) => {
            failed = null
            reject(error)
          }
          evaluate.call(server, code, context, file, (error, value) => {
            failed = null
            if (error === null) resolve(value)
            else reject(error)
          })
        }),
      (error, value) => {
        if (error !== null) done(thrown(error))
        else if (value === undefined) done(null)
        else done(null, value)
      },
    )
  }
  for (const { name, usage = '', help, run } of commandsFor(session.settings.permissions)) {
    server.defineCommand(name, {
      help: usage === '' ? help : `${usage}: ${help}`,
      action(argument) {
        const context = {
          evaluate: (code: string): unknown => runInContext(`(${code}\n)`, server.context),
          print: (text: string) => output.print(text),
        }
        session.run(
          `backdoor .${name}`,
          async () => run(argument.trim(), context),
          (error, text) => {
            output.print(`${error === null ? String(text) : messageOf(error)}\n`)
            if (!left) server.displayPrompt()
          },
          true,
        )
      },
    })
  }
  if (state.context !== null) (server as { context: Context }).context = state.context
  else furnish(server.context)
  state.context = server.context
  setHistory(server, state.history)
  server.on('reset', (context: Context) => {
    furnish(context)
    state.context = context
  })
  server.on('exit', () => {
    if (!left) session.close()
  })
  stayRunning(server)

  function furnish(context: Context): void {
    const leave = () => session.close()
    const given = Object.getOwnPropertyDescriptors(state.namespace)
    const console = new Console({ stdout: output, colorMode: colors })
    Object.defineProperties(context, {
      console: ownValue(console),
      exit: ownValue(leave),
      quit: ownValue(leave),
    })
    for (const name of Reflect.ownKeys(given) as string[]) {
      const property = given[name]!
      const copy = 'value' in property ? ownValue(property.value) : property
      Object.defineProperty(context, name, { ...copy, configurable: true })
    }
  }

  return {
    feed: (piece) => keyboard.type(terminal ? piece : `${piece}\n`),
    interrupt() {
      if (left) return
      if (terminal) return keyboard.type('\x03')
      server.clearBufferedCommand()
      output.print('\n')
      if (!left) server.displayPrompt()
    },
    stray(error) {
      output.print(`Uncaught, in the background: ${inspect(error, { colors })}\n`)
      if (!left && !session.busy) server.displayPrompt(true)
    },
    close() {
      left = true
      state.history = historyOf(server)
      server.close()
    },
  }
}

/** Whether this Node's REPL sits on domains, and takes one. */
let onDomains = true

/**
 * Starts a REPL, but not Node's domains: the mere existence of one slows every promise of the process down, for good. Where
 * the REPL wants a domain it gets something that calls functions and tells of errors, which is all it uses.
 */
function startRepl(options: ReplOptions): REPLServer {
  // Loaded when there is a session: it changes how Node treats uncaught exceptions.
  const { start } = process.getBuiltinModule('node:repl')
  const domain = Object.assign(new EventEmitter(), { bind: <F>(fn: F): F => fn })
  if (onDomains) {
    try {
      return start({ ...options, domain } as ReplOptions)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_INVALID_ARG_VALUE') throw error
      onDomains = false
    }
  }
  return start(options)
}

function ownValue(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true }
}

/** The REPL tells success from failure by whether there is an error at all. */
function thrown(error: unknown): Error {
  if (typeof error === 'object' && error !== null) forgetOwnFrames(error)
  if (error !== null && error !== undefined && error !== false && error !== '' && error !== 0) {
    return error as Error
  }
  return new Error(`thrown: ${inspect(error)}`)
}

/** What stands below the line that was typed tells its reader nothing. */
function forgetOwnFrames(error: { stack?: unknown }): void {
  const { stack } = error
  if (typeof stack !== 'string') return
  const own = stack.search(/\n\s+at (?:ContextifyScript|Script)\.runInContext/)
  if (own !== -1 && Object.isExtensible(error)) error.stack = stack.slice(0, own)
}

function historyOf(server: REPLServer): string[] {
  return [...((server as unknown as { history?: string[] }).history ?? [])]
}

function setHistory(server: REPLServer, history: string[]): void {
  if (server.terminal) (server as unknown as { history: string[] }).history = [...history]
}
