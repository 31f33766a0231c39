// The small files of the system that names are looked up in: hosts, services, resolv.conf. Each is read when it is first
// needed, and again when it has changed (inode, size or time); one that cannot be read counts as empty.
import { readFileSync, statSync } from 'node:fs'
import { domainToASCII } from 'node:url'

/** A file of the system, parsed once for each of its versions. */
export class SystemFile<T> {
  readonly path: string
  /** @internal */
  readonly parse: (lines: string[][]) => T
  /** @internal */
  seen: string | null = null
  /** @internal */
  content: T | null = null

  constructor(path: string, parse: (lines: string[][]) => T) {
    this.path = path
    this.parse = parse
  }

  /** What the file says now. Synchronous: a local file of a few lines costs less than a turn of the thread pool. */
  read(): T {
    const stats = statSync(this.path, { throwIfNoEntry: false, bigint: true })
    const version = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`
    if (this.content === null || version !== this.seen) {
      this.content = this.parse(wordsOf(version === '' ? '' : textOf(this.path)))
      this.seen = version
    }
    return this.content
  }
}

/** What a hosts file says. */
export interface Hosts {
  /** Name, in lower case, to its addresses in the order of the file. */
  readonly addresses: ReadonlyMap<string, readonly string[]>
  /** Address to its first name. */
  readonly names: ReadonlyMap<string, string>
}

/** What a services file says. */
export interface Services {
  /** Name or alias to its port, for TCP before UDP. */
  readonly ports: ReadonlyMap<string, number>
  /** `80/tcp` to the name. */
  readonly names: ReadonlyMap<string, string>
}

/** What resolv.conf says of names, other than the servers (these c-ares reads by itself). */
export interface NameRules {
  /** Domains that short names are tried in. */
  readonly search: readonly string[]
  /** A name with that many dots is tried as it is first. */
  readonly dots: number
}

const folder =
  process.platform === 'win32'
    ? `${process.env['SystemRoot'] ?? String.raw`C:\Windows`}\\System32\\drivers\\etc\\`
    : '/etc/'

/** The system's hosts file, or another one in its place. */
export function hosts(path: string = `${folder}hosts`): Hosts {
  return fileAt(hostsFiles, path, parseHosts).read()
}

/** The system's services. */
export function services(path: string = `${folder}services`): Services {
  return fileAt(servicesFiles, path, parseServices).read()
}

/** The system's rules for short names. */
export function nameRules(path: string = '/etc/resolv.conf'): NameRules {
  return fileAt(rulesFiles, path, parseResolv).read()
}

/** A name as the name service knows it: in lower case, international letters in punycode. */
export function asciiName(name: string): string {
  // What is no name at all is left for c-ares to refuse.
  return domainToASCII(name) || name.toLowerCase()
}

const hostsFiles = new Map<string, SystemFile<Hosts>>()
const servicesFiles = new Map<string, SystemFile<Services>>()
const rulesFiles = new Map<string, SystemFile<NameRules>>()

function fileAt<T>(
  files: Map<string, SystemFile<T>>,
  path: string,
  parse: (lines: string[][]) => T,
): SystemFile<T> {
  let file = files.get(path)
  if (file === undefined) files.set(path, (file = new SystemFile(path, parse)))
  return file
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function wordsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.split(/\s+/))
}

function parseHosts(lines: string[][]): Hosts {
  const addresses = new Map<string, string[]>()
  const names = new Map<string, string>()
  for (const [address, ...words] of lines) {
    for (const word of words) {
      const name = asciiName(word)
      if (!names.has(address!)) names.set(address!, name)
      const known = addresses.get(name)
      if (known === undefined) addresses.set(name, [address!])
      else if (!known.includes(address!)) known.push(address!)
    }
  }
  return { addresses, names }
}

function parseServices(lines: string[][]): Services {
  const ports = new Map<string, number>()
  const names = new Map<string, string>()
  for (const [name, portAndProtocol = '', ...aliases] of lines) {
    const [port, protocol] = portAndProtocol.split('/')
    if (!names.has(portAndProtocol)) names.set(portAndProtocol, name!)
    for (const each of [name!, ...aliases]) {
      if (protocol === 'tcp' || !ports.has(each)) ports.set(each, Number(port))
    }
  }
  return { ports, names }
}

function parseResolv(lines: string[][]): NameRules {
  let search: string[] = []
  let dots = 1
  for (const [word, ...rest] of lines) {
    // The last of several wins, `domain` being a list of one.
    if (word === 'search') search = rest
    else if (word === 'domain') search = rest.slice(0, 1)
    else if (word === 'options') {
      for (const option of rest) {
        if (/^ndots:\d+$/.test(option)) dots = Math.min(15, Number(option.slice(6)))
      }
    }
  }
  return { search: search.map((domain) => asciiName(domain.replace(/\.$/, ''))), dots }
}
