// The stack as V8 has it, of this very moment.

type CallSite = NodeJS.CallSite

/** As deep as reasons are looked for. */
const DEPTH = 200

/** The frames above the caller of this, from the inside out. */
export function rawSites(): readonly CallSite[] {
  const { stackTraceLimit } = Error
  const handler = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  let found: readonly CallSite[] = []
  const collect = (_error: Error, sites: CallSite[]): string => {
    found = sites
    return ''
  }
  Object.defineProperty(Error, 'prepareStackTrace', { value: collect, configurable: true })
  Error.stackTraceLimit = DEPTH
  try {
    void new Error('here').stack
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (handler === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Object.defineProperty(Error, 'prepareStackTrace', handler)
  }
  return found
}
