// Timing inside the child process of one contender.

/** Runs `ops` operations several times after a warm-up; nanoseconds per operation of the fastest run, wall and CPU. */
export async function timed(run, ops, { repeats, verify, warmUp = ops >> 2 }) {
  verify(await run(warmUp), warmUp)
  const wall = []
  const cpu = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    globalThis.gc()
    const time = stopwatch()
    const result = await run(ops)
    const { wallNs, cpuNs } = time()
    verify(result, ops)
    wall.push(wallNs / ops)
    cpu.push(cpuNs / ops)
  }
  return { wall: Math.min(...wall), cpu: Math.min(...cpu) }
}

/** Starts measuring; the function that it gives says how long it was. CPU time is that of all threads. */
export function stopwatch() {
  const cpuBefore = process.cpuUsage()
  const startNs = process.hrtime.bigint()
  return () => {
    const wallNs = Number(process.hrtime.bigint() - startNs)
    const { user, system } = process.cpuUsage(cpuBefore)
    return { wallNs, cpuNs: (user + system) * 1000 }
  }
}

/** Heap and resident memory after everything that can go has gone. */
export async function settledMemory() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, rss }
}

export function expectEqual(what, actual, expected) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
