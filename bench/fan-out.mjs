// T8: 2,000 GETs, 200 at a time, from a server that answers after 20 ms: 200 ms at best. The client has the first processor
// for itself, the server the second.
import { join } from 'node:path'
import { compiled, missingCompiler, missingModules, pythonCommand } from './harness/native.mjs'
import { launch, withServer } from './harness/server.mjs'

const LIMIT = 'limit: net callbacks'
const CASE = '2,000 GETs'

const node = (name) => ({
  name,
  load: () => ({ command: process.execPath, args: [file('client.mjs'), name] }),
})

export const suite = {
  title: 'T8 fan-out: 2,000 GETs, 200 at a time, each answered after 20 ms',
  cases: {
    [CASE]: {
      ops: 2000,
      figures: {
        wall: { title: `${CASE}: wall time`, unit: 'ms' },
        cpu: { title: `${CASE}: CPU time of the client`, unit: 'us per request' },
      },
    },
  },
  contenders: [
    node('greenhouse'),
    node('greenhouse, await'),
    node(LIMIT),
    node('node:http'),
    node('undici.request'),
    node('fetch'),
    {
      name: 'gevent, urllib3',
      missing: () => missingModules('gevent', 'urllib3'),
      load: () => ({ command: pythonCommand(), args: [file('client.py')] }),
    },
    {
      name: 'Go, one thread',
      missing: () => missingCompiler('fan-out/client.go'),
      load: () => ({ command: compiled('fan-out/client.go'), args: [] }),
    },
  ],
  measure,
  goals: {
    [`${CASE}/wall`]: {
      greenhouse: '<= 250',
      [LIMIT]: '<= 1.11x',
      'node:http': '>= 1.1x',
      'undici.request': '>= 1.23x',
      fetch: '>= 2.5x',
      'gevent, urllib3': '>= 1.3x',
      'Go, one thread': '<= 1.15x',
    },
    [`${CASE}/cpu`]: {
      greenhouse: '<= 60',
      [LIMIT]: '<= 2.2x',
      'node:http': '>= 1.85x',
      'undici.request': '>= 1.85x',
      'gevent, urllib3': '>= 2.4x',
    },
  },
  limitThere: { [`${CASE}/wall`]: 226, [`${CASE}/cpu`]: 27 },
}

function measure({ command, args }, count) {
  return withServer(
    process.execPath,
    [file('server.mjs')],
    async ({ port }) => {
      const { line } = launch(0, command, [...args, String(port), String(count)])
      return JSON.parse(await line())
    },
    1,
  )
}

function file(name) {
  return join(import.meta.dirname, 'fan-out', name)
}
