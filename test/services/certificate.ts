import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from '../database.ts'
import { runProgram } from './kafka/program.ts'

/** Files and the certificate's text, for 127.0.0.1 and localhost. Its own authority. */
export type Certificate = { readonly certFile: string; readonly keyFile: string; readonly pem: string }

export async function makeCertificate(owner: Owner): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-certificate-'))
  owner.after(() => rm(folder, { recursive: true, force: true }))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await runProgram('openssl', ['req', ...kind, '-keyout', keyFile, '-out', certFile, ...names])
  return { certFile, keyFile, pem: await readFile(certFile, 'utf8') }
}
