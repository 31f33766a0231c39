// Kills what a connection runs. KILL names the connection, not the statement: so the connection sends nothing more until
// the kill has been answered, or it might meet the next statement.
//
//   running: the killed one     queue: [ barrier | the next, ... ]     the kill's answer opens the barrier
import { outsideScopes } from '@greenhouse/scheduler/kernel'
import type { Command, MysqlConnection, MysqlLibrary, Queue } from './types.ts'

/** Milliseconds without a word from the server after which its connection is given up. */
const PATIENCE_MS = 5000

/** Connections on which a call was cancelled since they were last given back. */
const interrupted = new WeakSet<MysqlConnection>()

export function noteInterrupted(connection: MysqlConnection): void {
  interrupted.add(connection)
}

/** Whether a call was cancelled on it since this was last asked. */
export function takeInterrupted(connection: MysqlConnection): boolean {
  return interrupted.delete(connection)
}

/** Takes a command off the queue, or kills it on the server when it runs. */
export function interruptCommand(
  library: MysqlLibrary,
  connection: MysqlConnection,
  command: Command,
): void {
  noteInterrupted(connection)
  if (withdraw(connection._commands, command)) process.nextTick(() => command.emit('end'))
  else if (connection._command === command && 'sql' in command) kill(library, connection, command)
}

/** Takes an item out of a queue; false when it is not in it. */
export function withdraw<T>(queue: Queue<T>, item: T): boolean {
  for (let at = queue.length - 1; at >= 0; at--) {
    if (queue.get(at) === item) return queue.removeOne(at) !== undefined
  }
  return false
}

function kill(library: MysqlLibrary, connection: MysqlConnection, command: Command): void {
  const barrier = new Barrier()
  connection._commands.unshift(barrier)
  outsideScopes(sendKill, library, connection, command, (sent: boolean) => {
    barrier.open = true
    if (!sent) connection.destroy()
    else if (connection._command === barrier) connection.handlePacket()
  })
}

/** A command that sends nothing, and is not over before it is opened. */
class Barrier implements Command {
  open = false

  execute(): boolean {
    return this.open
  }

  onResult(): void {}

  emit(): boolean {
    return false
  }

  once(): void {}

  listenerCount(): number {
    return 0
  }
}

function sendKill(
  library: MysqlLibrary,
  connection: MysqlConnection,
  command: Command,
  over: (sent: boolean) => void,
): void {
  const { config, threadId } = connection
  const killer = new library.Connection({ config: copyOf(config) })
  let open = true
  const end = (sent: boolean): void => {
    if (!open) return
    open = false
    killer.destroy()
    killer.stream.destroy()
    over(sent)
  }
  killer.on('error', () => end(false))
  killer.stream.setTimeout(PATIENCE_MS, () => end(false))
  killer.connect((error) => {
    if (error) end(false)
    else if (connection._command !== command) end(true)
    else {
      killer.query(`KILL QUERY ${threadId}`, (failure) => {
        end(!failure || (failure as { code?: unknown }).code === 'ER_NO_SUCH_THREAD')
      })
    }
  })
}

function copyOf(config: object): object {
  const descriptors = Object.getOwnPropertyDescriptors(config)
  return Object.create(Object.getPrototypeOf(config) as object, descriptors) as object
}
