// dns/promises: a question belongs to whoever asked. It is not cancelled, for others use the resolver too: its answer
// comes to nobody. The calls with a callback are left alone: every connect makes them, whosoever it is.
import { followCall } from '../call-work.ts'
import type { Replacement } from '../originals.ts'
import type { PatchDefinition } from '../patch-set.ts'
import type { Owned } from '../wrapper.ts'

const QUESTION = /^(lookup|resolve|reverse)/

/** @internal */
export const dnsPatch: PatchDefinition = {
  name: 'dns/promises',
  replacements: (patch) => {
    const dns = process.getBuiltinModule('dns')
    // It binds all questions anew, which would undo the patch.
    const setServers: Owned = (original, self, args) =>
      patch.aside(() => Reflect.apply(original, self, args) as unknown)
    return [
      ...questions(),
      { target: dns.promises, key: 'setServers', owned: setServers, always: true },
      { target: dns, key: 'setServers', path: 'dns.setServers', owned: setServers, always: true },
    ]
  },
  viewed: questions,
}

function questions(): readonly Replacement[] {
  const { promises } = process.getBuiltinModule('dns')
  return [
    ...questionsOf(promises, ''),
    ...questionsOf(promises.Resolver.prototype, 'Resolver.prototype.'),
  ]
}

function questionsOf(target: object, prefix: string): Replacement[] {
  return Object.getOwnPropertyNames(target)
    .filter((key) => QUESTION.test(key))
    .map((key) => ({
      target,
      key,
      path: prefix + key,
      owned: (original, self, args) =>
        followCall(`dns.${key}`, () => Reflect.apply(original, self, args) as Promise<unknown>),
    }))
}
