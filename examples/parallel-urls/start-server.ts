// Starts the example's web server in a child process and tells where it listens.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { PagesOptions } from './pages.ts'

export interface RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  close(): Promise<void>
}

export async function startServer(options: PagesOptions): Promise<RunningServer> {
  // The child needs tsx to read TypeScript: no matter how this process came to read it.
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const file = fileURLToPath(new URL('./server.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(options)], { execArgv: ['--import', tsx] })
  const exited = once(child, 'exit')

  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port))
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(
        new Error(`The page server ended before it listened (${signal ?? `exit code ${code}`})`),
      ),
    )
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
