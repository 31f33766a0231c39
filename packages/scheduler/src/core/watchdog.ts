// What runs in the monitor's thread. It is handed over as source text, so it is one function that needs nothing around it.

export function watchdog(): void {
  // Not `require`, which bundlers rewrite.
  const { Session } = process.getBuiltinModule('node:inspector')
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { writeSync } = process.getBuiltinModule('node:fs')
  const { beats, thresholdMs, writes } = workerData as {
    beats: Int32Array
    thresholdMs: number
    writes: boolean
  }
  interface Frame {
    functionName: string
    callFrameId: string
    url: string
    location: { scriptId: string; lineNumber: number; columnNumber?: number }
  }
  const session = new Session()
  session.connectToMainThread()
  const scripts = new Map<string, string>()
  let sinceMs = performance.now()
  let lastBeat = Atomics.load(beats, 0)
  let reported = false

  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
  session.on('Debugger.paused', ({ params }) => {
    const frames = params.callFrames as unknown as Frame[]
    const forMs = Math.round(performance.now() - sinceMs)
    const fileOf = ({ url, location }: Frame) =>
      url || scripts.get(location.scriptId) || location.scriptId
    // Only Node's own frames: the loop runs again, and was held by nobody's JavaScript.
    const own = frames.find((frame) => !fileOf(frame).startsWith('node:'))
    if (own === undefined) {
      reported = false
      return session.post('Debugger.resume')
    }
    const stack = frames.map((frame) => {
      const { functionName, location } = frame
      return `${functionName || '<anonymous>'} (${fileOf(frame)}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1})`
    })
    const ask = `globalThis[Symbol.for('@greenhouse/scheduler/who')]?.()`
    session.post(
      'Debugger.evaluateOnCallFrame',
      { callFrameId: own.callFrameId, expression: ask, returnByValue: true, silent: true },
      (_error, answer) => {
        session.post('Debugger.resume')
        const holder =
          (answer as { result?: { value?: string } } | undefined)?.result?.value ?? 'unknown'
        if (writes) {
          const lines = [
            `greenhouse: ${holder} has held the event loop for ${forMs} ms`,
            ...stack.map((line) => `    at ${line}`),
          ]
          writeSync(2, `${lines.join('\n')}\n`)
        }
        parentPort!.postMessage({ forMs, holder, stack })
      },
    )
  })
  session.post('Debugger.enable', () => parentPort!.postMessage('ready'))

  setInterval(() => {
    const beat = Atomics.load(beats, 0)
    if (beat !== lastBeat) {
      lastBeat = beat
      sinceMs = performance.now()
      reported = false
    } else if (!reported && performance.now() - sinceMs > thresholdMs) {
      reported = true
      session.post('Debugger.pause')
    }
  }, thresholdMs / 4)
}
