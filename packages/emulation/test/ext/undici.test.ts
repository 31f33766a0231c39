// The adapter of undici from npm, against a server of this process.
import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { end, Group, pause, schedule, withTimeout } from '@greenhouse/scheduler'
import { patchUndici } from '../../src/ext/undici.ts'
import { LATEST_MS, stress } from './stress.ts'
import { describeClient, sockets, timed, until, type Library } from './support.ts'

const AT_ONCE_MS = 1000

for (const version of ['undici', 'undici7']) {
  await describeClient(`patchUndici (${version})`, version, null, (undici) => {
    let undo: () => void
    let server: Server
    let origin: string
    let open = 0
    let aborted = 0
    let before: number
    const made: Library[] = []
    const pool = (options: object): Library => {
      const dispatcher = new undici.Pool(origin, options)
      made.push(dispatcher)
      return dispatcher
    }
    const ask = async (dispatcher: Library, path: string): Promise<string> => {
      const { body } = await dispatcher.request({ path, method: 'GET' })
      return body.text()
    }

    beforeAll(() => {
      undo = patchUndici(undici)
    })
    afterAll(() => undo())
    beforeEach(async () => {
      before = sockets()
      open = aborted = 0
      // `/<answer>?wait=<ms>` answers after that time, never without it; `/slow-body` stops in the middle.
      server = createServer((request, response) => {
        open++
        response.on('close', () => {
          open--
          if (!response.writableFinished) aborted++
        })
        const url = new URL(request.url!, origin)
        const wait = url.searchParams.get('wait')
        if (url.pathname === '/slow-body') response.write('half')
        else if (wait !== null) setTimeout(() => response.end(url.pathname.slice(1)), Number(wait))
      })
      server.listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    })
    afterEach(async () => {
      await Promise.all(made.splice(0).map((dispatcher) => dispatcher.destroy()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await until(() => sockets() <= before, 'no socket is left')
    })

    it('aborts a request at its deadline, in its answer or in its body', async () => {
      const dispatcher = pool({ connections: 2 })
      await ask(dispatcher, '/warm?wait=0')
      for (const path of ['/never', '/slow-body']) {
        const { ms, error } = await timed(() => withTimeout(50, () => ask(dispatcher, path)))
        expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
        expect(ms).toBeLessThan(AT_ONCE_MS)
      }
      await until(() => aborted === 2 && open === 0, 'the server sees both aborted')
      expect(await ask(dispatcher, '/answer?wait=0')).toBe('answer')
    })

    it('reaches fetch, stream and callbacks', async () => {
      const dispatcher = pool({ connections: 4 })
      const { error } = await timed(() =>
        withTimeout(40, () => undici.fetch(`${origin}/never`, { dispatcher })),
      )
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      const calls: unknown[] = []
      const called = await timed(() =>
        withTimeout(40, async () => {
          await new Promise<void>((resolve) => {
            dispatcher.request({ path: '/never', method: 'GET' }, (failure: unknown) => {
              calls.push(failure)
              resolve()
            })
          })
        }),
      )
      expect(calls).toEqual([called.error])
      expect(called.error).toMatchObject({ code: 'GH_TIMEOUT' })
      const global = await timed(() => withTimeout(40, () => undici.request(`${origin}/never`)))
      expect(global.error).toMatchObject({ code: 'GH_TIMEOUT' })
      await until(() => open === 0, 'nothing is under way')
      await undici.getGlobalDispatcher().close()
      undici.setGlobalDispatcher(new undici.Agent())
    })

    it('fails at once while it waits for a connection, and is never sent', async () => {
      const dispatcher = pool({ connections: 1, pipelining: 1 })
      const innocent = ask(dispatcher, '/innocent?wait=400')
      await until(() => open === 1, 'the connection is busy')
      const { error } = await timed(() => withTimeout(20, () => ask(dispatcher, '/second?wait=0')))
      expect(error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(open, 'the connection is busy still').toBe(1)
      expect(await innocent).toBe('innocent')
      const { body, headers } = await dispatcher.request({ path: '/third?wait=0', method: 'GET' })
      expect(await body.text()).toBe('third')
      expect(headers.connection).toBe('keep-alive')
      expect(aborted).toBe(0)
    })

    it('ends a greenlet in its request, and the requests of a group that fails', async () => {
      const dispatcher = pool({ connections: 5 })
      const greenlet = schedule(async () => ask(dispatcher, '/never'))
      await until(() => open === 1, 'it is under way')
      end(greenlet)
      await expect(greenlet.join().then()).rejects.toMatchObject({ code: 'GH_EXIT' })
      const failure = new Error('one failed')
      await expect(
        Group.run(async (group) => {
          for (let i = 0; i < 3; i++) group.schedule(() => ask(dispatcher, '/never'))
          await pause()
          throw failure
        }),
      ).rejects.toBe(failure)
      await until(() => open === 0, 'nothing is under way')
    })

    it('makes connections outside the scope that first asks', async () => {
      const dispatcher = pool({ connections: 1, pipelining: 1 })
      const first = timed(() => withTimeout(0, () => ask(dispatcher, '/first?wait=50')))
      const second = schedule(() => ask(dispatcher, '/second?wait=0'))
      expect((await first).error).toMatchObject({ code: 'GH_TIMEOUT' })
      expect(await second.join()).toBe('second')
    })

    it('leaves a body that a failed scope has not read', async () => {
      const dispatcher = pool({ connections: 1 })
      const failure = new Error('failed')
      await expect(
        withTimeout(5000, async () => {
          await dispatcher.request({ path: '/slow-body', method: 'GET' })
          throw failure
        }),
      ).rejects.toBe(failure)
      await until(() => aborted === 1, 'it is aborted')
      const half = await withTimeout(5000, () =>
        dispatcher.request({ path: '/whole?wait=0', method: 'GET' }),
      )
      expect(await (half as Library).body.text()).toBe('whole')
    })

    it.each([51])('keeps every answer on a pool of ten (seed %i)', async (seed) => {
      const dispatcher = pool({ connections: 10, pipelining: 1 })
      const flow = {
        ask: async (question: number, serverMs: number) =>
          Number(await ask(dispatcher, `/${question}?wait=${Math.round(serverMs)}`)),
      }
      const outcome = await stress(flow, { seed, greenlets: 200, rounds: 5, slowestMs: 8 })
      expect(outcome).toMatchObject({ wrong: 0, innocent: [], strange: [] })
      expect(outcome.cancelled).toBeGreaterThan(100)
      expect(outcome.answered).toBeGreaterThan(200)
      expect(outcome.latestMs).toBeLessThan(LATEST_MS)
      await until(() => open === 0 && dispatcher.stats.running === 0, 'nothing is under way')
      expect(dispatcher.stats).toMatchObject({ pending: 0, queued: 0, size: 0 })
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => ask(dispatcher, `/${i}?wait=5`)),
      )
      expect(answers.map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    })

    it('undoes itself exactly, once for all', () => {
      let prototype = undici.Client.prototype
      while (!Object.hasOwn(prototype, 'dispatch')) prototype = Object.getPrototypeOf(prototype)
      expect(patchUndici(undici)).toBe(undo)
      undo()
      const original = Object.getOwnPropertyDescriptor(prototype, 'dispatch')
      undo = patchUndici({ default: undici })
      expect(prototype.dispatch).not.toBe(original?.value)
      undo()
      expect(Object.getOwnPropertyDescriptor(prototype, 'dispatch')).toEqual(original)
      undo = patchUndici(undici)
      expect(() => patchUndici({})).toThrow(
        expect.objectContaining({ code: 'GH_INVALID_ARGUMENT' }),
      )
    })
  })
}
