import assert from 'node:assert/strict'
import { chmod, chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { openEmbedded } from '../../src/embedded/index.ts'
import { openStore } from '../../src/store/store.ts'
import { groundstation } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { newService, PROJECT } from '../faults/service.ts'
import { until } from '../until.ts'
import { type Certificate, makeCertificate } from './certificate.ts'
import { startBroker } from './kafka/broker.ts'
import { kafkaMissing } from './kafka/library.ts'

const skip = await kafkaMissing()

function getSecurely(port: number, path: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, ca }, answer => resolve(text(answer)))
      .on('error', reject)
      .end()
  })
}

test('the listener speaks TLS with the certificate that it is given, and nothing else', async t => {
  const certificate = await makeCertificate(t)
  const env = { TLS_CERT_FILE: certificate.certFile, TLS_KEY_FILE: certificate.keyFile }
  const service = await newService(t, { databaseUrl: await freshDatabase(t), env })
  service.launch()
  await until('it answers over TLS', async () =>
    (await getSecurely(service.port, '/health/ready', certificate.pem).catch(() => '')).includes('ready'),
  )
  await assert.rejects(fetch(`http://127.0.0.1:${service.port}/health/live`))
  const other = await makeCertificate(t)
  await assert.rejects(getSecurely(service.port, '/health/live', other.pem), /certificate/)
})

test('Kafka over TLS with a name and a password, by settings; with a wrong one it says which settings', {
  skip,
}, async t => {
  const broker = await startBroker({ secured: { tls: true, users: { ground: 'right' } } })
  t.after(() => broker.stop())
  const { brokers, ca = '' } = broker.secured ?? assert.fail('no secured listener')
  const env = { KAFKA_BROKERS: brokers, KAFKA_CA: ca, KAFKA_USERNAME: 'ground', KAFKA_PASSWORD: 'right' }
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    const service = await newService(t, {
      databaseUrl: await freshDatabase(t),
      env: { ...env, KAFKA_SASL_MECHANISM: mechanism },
    })
    await service.start()
    await service.stop()
  }
  const wrong = await newService(t, {
    databaseUrl: await freshDatabase(t),
    env: { ...env, KAFKA_PASSWORD: 'wrong-one' },
  })
  await assert.rejects(wrong.start(), /refuses the credentials.*KAFKA_PASSWORD/s)
  assert.doesNotMatch(wrong.output, /wrong-one/)
  assert.equal(await wrong.stop(), 3)
})

test('PostgreSQL over TLS: its certificate is verified', async t => {
  const server = await serverWithTls(t, await makeCertificate(t))
  const good = await groundstation(['verify', '--json'], { cwd: PROJECT, env: { DATABASE_URL: server.url } })
  assert.equal(good.code, 0, good.stderr)
  const other = await makeCertificate(t)
  const bad = await groundstation(['verify'], { cwd: PROJECT, env: { DATABASE_URL: server.trusting(other) } })
  assert.equal(bad.code, 3, bad.stderr)
  assert.match(bad.stderr, /certificate/)
})

async function serverWithTls(t: TestContext, certificate: Certificate) {
  const home = join(await mkdtemp(join(tmpdir(), 'groundstation-tls-')), 'home')
  const server = await openEmbedded({ home, log: () => undefined })
  t.after(async () => {
    await server.stop()
    await rm(join(home, '..'), { recursive: true, force: true, maxRetries: 10 })
  })
  const store = await openStore(server.url, { connectionsMax: 1 })
  const folder = join(home, 'postgres')
  // As the server's own user writes them, wherever this runs as root.
  for (const [file, name] of [
    [certificate.certFile, 'tls.crt'],
    [certificate.keyFile, 'tls.key'],
  ] as const)
    await copyOwned(file, join(folder, name), folder)
  for (const [name, value] of [
    ['ssl_cert_file', 'tls.crt'],
    ['ssl_key_file', 'tls.key'],
    ['ssl', 'on'],
  ])
    await store.query(`alter system set ${name} = '${value}'`)
  await store.query('select pg_reload_conf()')
  await store.close()
  const trusting = ({ certFile }: Certificate) => {
    const url = new URL(server.url)
    url.hostname = '127.0.0.1'
    url.searchParams.set('sslmode', 'verify-full')
    url.searchParams.set('sslrootcert', certFile)
    return url.href
  }
  await until('it answers over TLS', async () => {
    const probe = await openStore(trusting(certificate), { connectionsMax: 1 }).catch(() => undefined)
    await probe?.close()
    return probe !== undefined
  })
  return { url: trusting(certificate), trusting }
}

async function copyOwned(from: string, to: string, like: string): Promise<void> {
  await copyFile(from, to)
  const { uid, gid } = await stat(like)
  await chown(to, uid, gid)
  await chmod(to, 0o600)
}
