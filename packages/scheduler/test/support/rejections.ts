// What Node itself says of rejections, with the listeners of the test set-up and of vitest set aside.

/** What Node reported while a test ran. */
export interface Rejections {
  /** The reasons of unhandled rejections, in order. */
  readonly unhandled: unknown[]
  /** How many of them were handled later. */
  handledLater: number
}

/** Runs `fn` and gives what it gives; Node's reports go to the `Rejections` handed to it. */
export async function watchRejections(
  fn: (seen: Rejections) => void | Promise<void>,
): Promise<Rejections> {
  const seen: Rejections = { unhandled: [], handledLater: 0 }
  const before = process.listeners('unhandledRejection')
  const unhandled = (reason: unknown) => void seen.unhandled.push(reason)
  const handled = () => void seen.handledLater++
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', unhandled)
  process.on('rejectionHandled', handled)
  try {
    await fn(seen)
    await eventLoopTurn()
    return seen
  } finally {
    process.off('unhandledRejection', unhandled)
    process.off('rejectionHandled', handled)
    for (const listener of before) process.on('unhandledRejection', listener)
  }
}

/** A turn of the event loop: by its end Node has judged every rejection made before. */
export async function eventLoopTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
