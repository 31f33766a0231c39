// Commands of one connection. All that is asked of a connection passes through `addCommand`, with the callback that gets
// the answer in `onResult`, or with events instead where there is none.
import { inScope, outsideScopes } from '@greenhouse/scheduler/kernel'
import { bindHere, Call, ownPromise, refused, type Callback, type Settle } from '../core/call.ts'
import { interruptCommand, noteInterrupted } from './kill.ts'
import type { Command, MysqlConnection, MysqlLibrary } from './types.ts'

type AddCommand = (this: MysqlConnection, command: Command) => Command

/** The command by which `execute`, while it runs, has its statement prepared; null elsewhere. */
let preparation: { command: Command | null } | null = null

/** Connection.addCommand. */
export function addCommandOf(library: MysqlLibrary): (original: AddCommand) => AddCommand {
  return (original) =>
    function (command) {
      if (!inScope() || !isAsked(command)) return original.call(this, command)
      if (preparation !== null && isPreparing(command)) {
        preparation.command = command
        return original.call(this, command)
      }
      return own(library, this, command) ? original.call(this, command) : command
    }
}

/** Connection.execute: it adds two commands, and the second one is the call. */
export function executeOf(original: MysqlConnection['execute']): MysqlConnection['execute'] {
  return function (this: MysqlConnection, ...args) {
    const outer = preparation
    preparation = { command: null }
    try {
      return original.apply(this, args)
    } finally {
      preparation = outer
    }
  }
}

/** Connection.connect. */
export function connectOf(original: MysqlConnection['connect']): MysqlConnection['connect'] {
  return function (this: MysqlConnection, callback) {
    if (!inScope() || callback === undefined) return original.call(this, callback)
    const settle = bindHere(callback as Settle)
    if (refused(settle)) return
    const call = new Call('mysql2 connect', settle)
    original.call(this, ((...answer: unknown[]) => {
      if (call.close()) settle(...answer)
    }) as Callback)
  }
}

/** createConnection: a connection may serve others than its maker. */
export function createOf(original: (...args: unknown[]) => unknown): typeof original {
  return (...args) => outsideScopes(original, ...args)
}

/** createConnection of mysql2/promise, which answers when it is connected. */
export function createPromiseOf(
  original: (...args: unknown[]) => Promise<{ destroy(): void }>,
): typeof original {
  return (...args) => {
    if (!inScope()) return original(...args)
    const begin = (): Promise<{ destroy(): void }> => outsideScopes(original, ...args)
    return ownPromise('mysql2 connect', begin, undefined, (late) => late.destroy())
  }
}

/** Makes a command belong to the current scope; false when it must not begin, and has been answered. */
function own(library: MysqlLibrary, connection: MysqlConnection, command: Command): boolean {
  const answer = command.onResult === undefined ? answerByEvent(command) : command.onResult
  const settle = bindHere(answer as Settle)
  if (refused(settle)) {
    noteInterrupted(connection)
    process.nextTick(() => command.emit('end'))
    return false
  }
  const call = new Call('mysql2 query', settle, () => {
    interruptCommand(library, connection, command)
  })
  if (command.onResult === undefined) command.once('end', () => call.close())
  else {
    command.onResult = ((...result: unknown[]) => {
      if (call.close()) settle(...result)
    }) as Callback
  }
  hush(preparation?.command, call)
  return true
}

/** Keeps the failure of a preparation from a caller that has had its answer. */
function hush(preparing: Command | null | undefined, call: Call): void {
  const onResult = preparing?.onResult as Settle | undefined
  if (onResult === undefined) return
  preparing!.onResult = ((error: unknown, statement: unknown) => {
    if (!error || call.close()) onResult(error, statement)
  }) as Callback
}

function answerByEvent(command: Command): Settle {
  return (error) => {
    if (command.listenerCount('error') > 0) command.emit('error', error)
    const emit = command.emit.bind(command)
    command.emit = (event, ...args) => event === 'end' && emit(event, ...args)
  }
}

/** Whether somebody asks for it, and it is no part of the protocol. */
function isAsked(command: Command): boolean {
  return command.onResult !== undefined || 'sql' in command
}

function isPreparing(command: Command): boolean {
  return 'parameterDefinitions' in command
}
