import type { Listener } from './secured.ts'

export type Properties = Readonly<Record<string, string | number | boolean>>

export type Ports = { readonly plain: number; readonly controller: number }

/** What makes one process a whole cluster. `own` wins. */
export function serverProperties(data: string, ports: Ports, secured: Listener | undefined, own: Properties): string {
  const listeners = [`PLAIN://127.0.0.1:${ports.plain}`, ...(secured ? [`SECURED://${secured.brokers}`] : [])]
  const all: Properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${ports.controller}`].join(),
    'advertised.listeners': listeners.join(),
    'listener.security.protocol.map': `PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:${secured?.protocol ?? 'PLAINTEXT'}`,
    'log.dirs': data,
    'auto.create.topics.enable': false,
    ...ONE_NODE,
    ...PROMPT,
    ...secured?.properties,
    ...own,
  }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

const ONE_NODE: Properties = {
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  // The first group waits until all of them are there: fifty unless told otherwise.
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
}

/** What a test would only wait for. */
const PROMPT: Properties = {
  'group.initial.rebalance.delay.ms': 0,
  // How soon a group may be told to give up a member that was killed.
  'group.min.session.timeout.ms': 500,
  // A broker that was killed may come back only when its former self is given up.
  'broker.session.timeout.ms': 2_000,
  'broker.heartbeat.interval.ms': 500,
}
