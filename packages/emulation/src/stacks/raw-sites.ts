// The stack as V8 has it, of this very moment.

type CallSite = NodeJS.CallSite

/** At most `depth` frames, this one's first, from the inside out. */
export function rawSites(depth: number): readonly CallSite[] {
  const { stackTraceLimit } = Error
  const handler = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  let found: readonly CallSite[] = []
  const collect = (_error: Error, sites: CallSite[]): string => {
    found = sites
    return ''
  }
  Object.defineProperty(Error, 'prepareStackTrace', { value: collect, configurable: true })
  Error.stackTraceLimit = depth
  try {
    void new Error('here').stack
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (handler === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', handler)
  }
  return found
}
