// http and https: a request, from the call to the end of its response. What an agent or a pool does on the way, its
// sockets above all, belongs to nobody.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { takePendingInterruption } from '@greenhouse/scheduler/kernel'
import { ownRequest } from '../own-request.ts'
import type { PatchDefinition } from '../patch-set.ts'
import { abortOwned, isOwned } from '../resource-work.ts'
import type { Callable, Switch } from '../wrapper.ts'

/** @internal */
export const httpPatch: PatchDefinition = requestsOf('http')
/** @internal */
export const httpsPatch: PatchDefinition = requestsOf('https')

function requestsOf(name: 'http' | 'https'): PatchDefinition {
  return {
    name,
    replacements: () => {
      const target = process.getBuiltinModule(name)
      return [
        { target, key: 'request', owned: ownedCall },
        { target, key: 'get', owned: ownedCall },
      ]
    },
    subscribe: (by) => ownUnseen(`${name}:`, by),
  }
}

function ownedCall(original: Callable, self: unknown, args: unknown[]): unknown {
  const request = Reflect.apply(original, self, args) as ClientRequest
  if (!isOwned(request)) ownRequest(request)
  const pending = takePendingInterruption()
  if (pending !== null) abortOwned(request, pending.error)
  return request
}

/** Node's reports of requests; the first exists from Node 22 on. */
const CHANNELS = ['http.client.request.created', 'http.client.request.start']

/** Makes requests of those belong to scopes who took the calls out of their module before it was patched. */
function ownUnseen(protocol: string, by: Switch): () => void {
  function onRequest(message: unknown): void {
    const { request } = message as { request: ClientRequest }
    if (request.protocol === protocol && !isOwned(request) && by.reach() !== null)
      ownRequest(request)
  }
  for (const channel of CHANNELS) subscribe(channel, onRequest)
  return () => {
    for (const channel of CHANNELS) unsubscribe(channel, onRequest)
  }
}
