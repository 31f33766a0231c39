// Runs one child and collects what it writes, by the rules of the blocking originals: too much output or too long a time
// kills it once and closes its pipes; then only its own end is waited for, otherwise also that of all who hold its pipes.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Done } from '../op.ts'
import type { Asked } from './spawn-options.ts'
import { resultOf, type SpawnResult } from './spawn-result.ts'

/** Starts the child; the function given kills it. */
export function collect(asked: Asked, done: Done<SpawnResult>): () => void {
  const run = new Run(asked, done)
  run.begin()
  return () => run.abort()
}

class Run {
  readonly asked: Asked
  readonly done: Done<SpawnResult>
  readonly killSignal: NodeJS.Signals
  child: ChildProcess | null = null
  chunks: (Buffer[] | null)[] = []
  bytes = 0
  /** The first thing that went wrong; what a pipe says counts least. */
  code: string | null = null
  pipeCode: string | null = null
  killed = false
  timer: ReturnType<typeof setTimeout> | undefined

  constructor(asked: Asked, done: Done<SpawnResult>) {
    this.asked = asked
    this.done = done
    this.killSignal = (asked.options['killSignal'] as NodeJS.Signals | null) || 'SIGTERM'
  }

  begin(): void {
    const { asked } = this
    let child
    try {
      child = spawn(asked.file, asked.args, spawnOptions(asked))
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException
      // The system refused it. Anything else is a wrong call.
      if (syscall === undefined || code === undefined) throw error
      this.code = code
      return this.end(null, null, 0)
    }
    this.child = child
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      this.code ??= error.code ?? 'EIO'
      this.end(null, null, 0)
    })
    child.on('exit', (status, signal) => {
      // Who was killed is not waited for any further; its pipes are closed already.
      if (this.killed) this.end(status, signal, child.pid!)
    })
    child.on('close', (status, signal) => {
      if (child.pid !== undefined) this.end(status, signal, child.pid)
    })
    this.wire(child)
    if (asked.timeoutMs > 0 && child.pid !== undefined) {
      this.timer = setTimeout(() => this.kill('ETIMEDOUT'), asked.timeoutMs)
    }
  }

  wire(child: ChildProcess): void {
    const stdio = child.stdio as readonly (Readable | Writable | null | undefined)[]
    this.chunks = stdio.map((stream, fd) => {
      if (stream === null || stream === undefined) return null
      // A broken pipe is told with the result.
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (!this.killed) this.pipeCode ??= error.code ?? null
      })
      const part: Buffer[] = []
      if (fd > 0) (stream as Readable).on('data', (chunk: Buffer) => this.take(part, chunk))
      return fd > 0 ? part : null
    })
    const { input } = this.asked.options
    if (input === undefined || input === null || input === '') child.stdin?.end()
    else child.stdin?.end(bytesOf(input, this.asked.options['encoding']))
    // Descriptors above 2 are two-way, and nothing is ever written there.
    for (const stream of stdio.slice(3)) (stream as Writable | null | undefined)?.end()
  }

  take(part: Buffer[], chunk: Buffer): void {
    if (this.killed) return
    part.push(chunk)
    this.bytes += chunk.length
    const { maxBytes } = this.asked
    if (maxBytes > 0 && this.bytes > maxBytes) this.kill('ENOBUFS')
  }

  kill(code: string): void {
    if (this.killed) return
    this.killed = true
    this.code ??= code
    this.close()
  }

  close(): void {
    clearTimeout(this.timer)
    const child = this.child!
    child.kill(this.killSignal)
    for (const stream of child.stdio) stream?.destroy()
  }

  abort(): void {
    this.killed = true
    this.close()
    // A child that does not heed the signal does not keep the process alive.
    this.child!.unref()
  }

  end(status: number | null, signal: string | null, pid: number): void {
    clearTimeout(this.timer)
    const { asked, chunks } = this
    const code = this.code ?? this.pipeCode
    this.done(
      null,
      resultOf(asked.runs, { status, signal, code, pid, chunks }, asked.options['encoding']),
    )
  }
}

/** `spawn` knows neither input nor limits; and an AbortSignal means nothing to the blocking calls. */
function spawnOptions({ options }: Asked): SpawnOptions {
  const { stdio, ...others } = options
  const rest: Record<string, unknown> = others
  for (const name of ['input', 'timeout', 'killSignal', 'maxBuffer', 'encoding', 'signal'])
    delete rest[name]
  if (stdio === 'ipc' || (Array.isArray(stdio) && stdio.includes('ipc'))) throw new TypeError('ipc')
  return { ...(rest as SpawnOptions), stdio: (stdio as SpawnOptions['stdio']) || 'pipe' }
}

function bytesOf(input: unknown, encoding: unknown): Buffer {
  if (typeof input !== 'string') {
    const { buffer, byteOffset, byteLength } = input as ArrayBufferView
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  }
  const named = encoding === undefined || encoding === 'buffer' ? 'utf8' : encoding
  return Buffer.from(input, named as BufferEncoding)
}
