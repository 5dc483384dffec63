/**
 * One feed of the project on a topic: a database, a topic and a name of its own, so that neither its group nor its tables
 * are anybody else's, and the processes that are started on them.
 */
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshDatabase, type Owner } from '../database.ts'
import { newService, PROJECT, type Service } from '../faults/service.ts'
import { withAdmin } from './kafka/client.ts'
import { freshTopic, sharedBroker } from './kafka/shared-broker.ts'

export type DeploymentOptions = {
  /** A file of feeds/. */
  readonly of: 'rockets' | 'detections'
  readonly partitions?: number
  /** Another broker than the shared one. */
  readonly brokers?: string
  /** Another database than one on the shared server. */
  readonly databaseUrl?: string
  /** How long a hole is waited for. */
  readonly wait?: string
}

export type StartOptions = {
  readonly roles?: string
  /** False: the process knows no Kafka. */
  readonly kafka?: boolean
  readonly databaseUrl?: string
  readonly env?: Readonly<Record<string, string>>
  /** A copy of the source with a planted bug. */
  readonly root?: string
}

export type Deployment = {
  readonly owner: Owner
  readonly databaseUrl: string
  readonly brokers: string
  readonly topic: string
  /** Where its alerts go, if it has any; made by who delivers them. */
  readonly alerts: string
  readonly partitions: number
  /** The feed's name, and by that its group's. */
  readonly feed: string
  /** A process that is not started yet. */
  service(options?: StartOptions): Promise<Service>
  /** One that takes events. */
  start(options?: StartOptions): Promise<Service>
}

/** How soon a member of the group that doesn't answer is given up. */
const SESSION_MS = '2000'

export async function newDeployment(owner: Owner, options: DeploymentOptions): Promise<Deployment> {
  const brokers = options.brokers ?? (await sharedBroker())
  const databaseUrl = options.databaseUrl ?? (await freshDatabase(owner))
  const { partitions = 4 } = options
  const topic = await freshTopic(owner, { partitions, ...(options.brokers === undefined ? {} : { brokers }) })
  const feed = `${options.of}-${randomBytes(4).toString('hex')}`
  const alerts = `${topic}.alerts`
  if (options.of === 'detections' && options.brokers === undefined)
    owner.after(() => withAdmin(brokers, admin => admin.deleteTopics({ topics: [alerts] })).catch(() => undefined))
  const file = await feedFile(owner, options, feed, topic, alerts)
  const service = async ({ roles, kafka = true, env, root, ...rest }: StartOptions = {}) =>
    newService(owner, {
      databaseUrl,
      ...rest,
      ...(root === undefined ? {} : { root }),
      args: [file, ...(roles === undefined ? [] : ['--roles', roles])],
      env: { ...(kafka ? { KAFKA_BROKERS: brokers, KAFKA_SESSION_MS: SESSION_MS } : {}), ...env },
    })
  const start = async (given?: StartOptions) => {
    const started = await service(given)
    await started.start()
    return started
  }
  return { owner, databaseUrl, brokers, topic, alerts, partitions, feed, service, start }
}

/** The project's own feed under another name, and on other topics. */
async function feedFile(
  owner: Owner,
  { of, wait }: DeploymentOptions,
  feed: string,
  topic: string,
  alerts: string,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-feed-'))
  owner.after(() => rm(folder, { recursive: true, force: true }))
  const own = { rockets: 'rocket-launch', detections: 'intellisite.detections' }[of]
  const edits = [
    [`name: '${of}'`, `name: '${feed}'`],
    [`'${own}'`, `'${topic}'`],
    ...(of === 'detections' ? [["'intellisite.alerts'", `'${alerts}'`]] : []),
    ...(wait === undefined ? [] : [[`wait: '30s'`, `wait: '${wait}'`]]),
  ] as const
  let text = await readFile(join(PROJECT, 'feeds', `${of}.ts`), 'utf8')
  for (const [find = '', replace = ''] of edits) {
    if (text.split(find).length !== 2) throw new Error(`feeds/${of}.ts doesn't have this once: ${find}`)
    text = text.replace(find, replace)
  }
  const file = join(folder, `${of}.ts`)
  await writeFile(file, text)
  // What the feed's file takes from beside it.
  await cp(join(PROJECT, 'feeds/views'), join(folder, 'views'), { recursive: true })
  return file
}
