// A certificate of its own for a test of TLS, made by openssl.
import { spawnSync } from 'node:child_process'

export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0
}

/** A key and a self-signed certificate for "localhost". */
export function certificate(): { key: string; cert: string } {
  const args =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost'
  const { stdout } = spawnSync('openssl', [...args.split(' '), '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
  })
  const part = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----[^]+-----END ${name}-----`).exec(stdout)![0]
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') }
}
