// What runs in the thread of the stuck line. It is handed over as source text, so it is one function that needs nothing
// around it. While the main thread is held it alone answers: who connects is told what holds the loop, and hung up on.
import type { AddressInfo, Socket as NodeSocket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { StuckWorkerData } from './stuck-line.ts'

export function stuckWorker(): void {
  // Not `require`, which bundlers rewrite.
  const { Session } = process.getBuiltinModule('node:inspector')
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const fs = process.getBuiltinModule('node:fs')
  const net = process.getBuiltinModule('node:net')
  const tls = process.getBuiltinModule('node:tls')
  const crypto = process.getBuiltinModule('node:crypto')
  const path = process.getBuiltinModule('node:path')
  const settings = workerData as StuckWorkerData
  const { address, beat, gate } = settings
  const main = parentPort!

  interface Frame {
    functionName: string
    url: string
    location: { scriptId: string; lineNumber: number; columnNumber?: number }
  }
  interface State {
    holder: string
    dump: string
  }

  const MOST_CONNECTIONS = 32
  const LONGEST_LINE = 1100
  let lastDump: { text: string; at: bigint } | null = null
  let waiting: ((text: string) => void)[] = []

  main.on('message', (text: string) => {
    lastDump = { text, at: process.hrtime.bigint() }
    for (const give of waiting.splice(0)) give(text)
  })

  const agoMs = (moment: bigint) => Number((process.hrtime.bigint() - moment) / 1_000_000n)

  /** Stops the main thread where it is, asks, and lets it go on. */
  function look(): Promise<string> {
    return new Promise((resolve) => {
      const session = new Session()
      const scripts = new Map<string, string>()
      let over = false
      const finish = (text: string) => {
        over = true
        clearTimeout(timer)
        session.disconnect()
        resolve(text)
      }
      const timer = setTimeout(
        () =>
          finish(
            'No JavaScript to stop at: a call that waits or works outside of it holds the loop.',
          ),
        settings.lookMs,
      )
      session.connectToMainThread()
      session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
      session.on('Debugger.paused', ({ params }) => {
        const frames = params.callFrames as unknown as Frame[]
        const stack = frames.map((frame) => {
          const { functionName, location } = frame
          const file = frame.url || scripts.get(location.scriptId) || location.scriptId
          const place = `${file}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`
          return { place, line: `    at ${functionName || '<anonymous>'} (${place})` }
        })
        const expression = `globalThis[Symbol.for('@greenhouse/backdoor/state')]?.()`
        session.post(
          'Runtime.evaluate',
          { expression, returnByValue: true, silent: true },
          (_error, answer) => {
            // Hung up on: that let the main thread go on, too.
            if (over) return
            session.post('Debugger.resume')
            const given = (answer as { result?: { value?: unknown } } | undefined)?.result?.value
            const state = (typeof given === 'string' ? JSON.parse(given) : null) as State | null
            if (stack.every(({ place }) => place.startsWith('node:'))) {
              return finish('It turns again: only Node itself was running.')
            }
            finish(
              [
                `${state?.holder ?? 'Somebody'} holds it:`,
                ...stack.map(({ line }) => line),
                ...(state === null ? [] : ['', 'Greenlets:', state.dump]),
              ].join('\n'),
            )
          },
        )
      })
      session.post('Debugger.enable')
      session.post('Debugger.pause')
    })
  }

  async function report(): Promise<string> {
    const forMs = agoMs(Atomics.load(beat, 0))
    if (forMs <= settings.heldAfterMs) {
      const dump = await new Promise<string>((resolve) => {
        waiting.push(resolve)
        main.postMessage('dump')
        setTimeout(resolve, settings.lookMs, '(no answer)')
      })
      return `The event loop of process ${process.pid} turns; its last sign of life was ${forMs} ms ago.\n\nGreenlets:\n${dump}`
    }
    const since = new Date(Date.now() - forMs).toISOString()
    const seen = await look()
    const dump =
      seen.includes('\nGreenlets:\n') || lastDump === null
        ? ''
        : `\n\nGreenlets ${agoMs(lastDump.at)} ms ago:\n${lastDump.text}`
    return `The event loop of process ${process.pid} has been held for ${forMs} ms, since ${since}.\n${seen}${dump}`
  }

  /** Everybody who asks at the same time gets the same answer: the main thread is stopped once. */
  let asked: Promise<string> | null = null
  function sharedReport(): Promise<string> {
    asked ??= report()
      .catch((error: unknown) => `Could not look: ${String(error)}`)
      .finally(() => (asked = null))
    return asked
  }

  const failures = new Map<string, { count: number; at: bigint }>()
  function judge(token: string, peer: string): 'passed' | 'wrong' | 'locked' {
    const before = failures.get(peer)
    const old = before === undefined || agoMs(before.at) >= gate!.lockoutMs
    if (!old && before.count >= gate!.attempts) return 'locked'
    const hash = crypto.createHmac('sha256', gate!.key).update(token).digest()
    if (crypto.timingSafeEqual(hash, gate!.expected)) {
      failures.delete(peer)
      return 'passed'
    }
    failures.delete(peer)
    failures.set(peer, { count: old ? 1 : before.count + 1, at: process.hrtime.bigint() })
    if (failures.size > 10_000) failures.delete(failures.keys().next().value!)
    return 'wrong'
  }

  const connections = new Set<NodeSocket>()
  function serve(socket: NodeSocket): void {
    const [oldest] = connections
    if (connections.size >= MOST_CONNECTIONS) oldest!.destroy()
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(settings.authTimeoutMs, () => socket.destroy())
    const answer = () =>
      void sharedReport().then((text) => socket.end(`${text.replaceAll('\r', '')}\n`))
    if (gate === null) {
      socket.resume()
      return answer()
    }
    socket.write('Token: ')
    let line = ''
    const hear = (bytes: Buffer) => {
      line += bytes.toString('latin1')
      const end = line.search(/[\r\n]/)
      if (end === -1 && line.length <= LONGEST_LINE) return
      socket.off('data', hear)
      socket.resume()
      const token = Buffer.from(line.slice(0, Math.max(0, end)), 'latin1').toString()
      const host = socket.remoteAddress
      const verdict = judge(token, host === undefined ? 'local' : host)
      if (verdict === 'passed') answer()
      else
        socket.end(verdict === 'wrong' ? 'Wrong token.\n' : 'Too many wrong tokens. Try later.\n')
    }
    socket.on('data', hear)
  }

  const server =
    settings.tls === null
      ? net.createServer(serve)
      : tls.createServer(settings.tls as TlsOptions, serve)
  server.on('error', (error: NodeJS.ErrnoException) => main.postMessage({ message: error.message }))
  if (address.path === undefined) {
    server.listen(address.port, address.host, () => {
      const { address: host, port } = server.address() as AddressInfo
      main.postMessage({ address: { host, port } })
    })
  } else {
    // Bound where nobody else can go, made private, and only then put in its place.
    const place = address.path
    const folder = fs.mkdtempSync(`${place}-`)
    const first = path.join(folder, 's')
    server.listen(first, () => {
      let failure: Error | null = null
      try {
        fs.chmodSync(first, 0o600)
        fs.renameSync(first, place)
      } catch (error) {
        failure = error as Error
      }
      fs.rmSync(folder, { recursive: true, force: true })
      main.postMessage(
        failure === null ? { address: { path: place } } : { message: failure.message },
      )
    })
  }
}
