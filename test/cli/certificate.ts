import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate that signs itself, for 0.0.0.0 and localhost: the one address of this machine that is not written as loopback. */
export function selfSigned(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'server.key'), join(folder, 'server.pem')]
  const names = 'subjectAltName=IP:0.0.0.0,DNS:localhost,IP:127.0.0.1'
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...args, '-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  chmodSync(key, 0o600)
  return { key, cert }
}
