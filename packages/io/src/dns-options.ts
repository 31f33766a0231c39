// How names are looked up.
import { getDefaultResultOrder } from 'node:dns'
import type { WaitOptions } from '@greenhouse/scheduler'
import { checkOptions, wrongType, wrongValue } from '@greenhouse/scheduler/kernel'

/** How a name is looked up. */
export interface ResolveOptions extends WaitOptions {
  /** Only addresses of that kind; 0, the default, gives both. */
  readonly family?: 0 | 4 | 6 | undefined
  /** Which come first; `ipv4first` by default, unless `dns.setDefaultResultOrder` says `ipv6first`. */
  readonly order?: 'ipv4first' | 'ipv6first' | undefined
  /**
   * Name servers to ask instead of the system's, as `dns.setServers` takes them. Names are then looked up as they are,
   * unless `search` is given too.
   */
  readonly servers?: readonly string[] | undefined
  /** Domains that short names are tried in; those of resolv.conf by default. */
  readonly search?: readonly string[] | undefined
  /** A hosts file to read instead of the system's. */
  readonly hostsFile?: string | undefined
}

/** Throws on options that make no sense (`timeoutMs` and `signal` are checked by `refuse`). */
export function checkResolveOptions(options: ResolveOptions | undefined): ResolveOptions {
  checkOptions('options', options)
  if (options === undefined) return {}
  const { family = 0, order, servers, search, hostsFile } = options
  if (family !== 0 && family !== 4 && family !== 6) {
    wrongValue('options.family', '0, 4 or 6', family)
  }
  if (order !== undefined && order !== 'ipv4first' && order !== 'ipv6first') {
    wrongValue('options.order', "'ipv4first' or 'ipv6first'", order)
  }
  checkStrings('options.servers', servers)
  if (servers?.length === 0) wrongValue('options.servers', 'at least one server', servers)
  checkStrings('options.search', search)
  if (hostsFile !== undefined && typeof hostsFile !== 'string') {
    wrongType('options.hostsFile', 'a path', hostsFile)
  }
  return options
}

/** The families to ask for, in the order of the answer. */
export function familiesOf({ family = 0, order }: ResolveOptions): readonly (4 | 6)[] {
  if (family !== 0) return family === 4 ? ONLY_4 : ONLY_6
  return (order ?? getDefaultResultOrder()) === 'ipv6first' ? FIRST_6 : FIRST_4
}

const ONLY_4 = [4] as const
const ONLY_6 = [6] as const
const FIRST_4 = [4, 6] as const
const FIRST_6 = [6, 4] as const

function checkStrings(name: string, value: readonly string[] | undefined): void {
  if (value === undefined) return
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
    wrongType(name, 'an array of strings', value)
  }
}
