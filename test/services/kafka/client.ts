import { Admin, type BaseOptions } from '@platformatic/kafka'

/** `host:port[,…]`, or with what a secured listener asks for. */
export type Kafka = string | ({ readonly brokers: string } & Pick<BaseOptions, 'tls' | 'sasl'>)

/** How the tests' own clients reach a broker. They wait out a restart. */
export function clientOptions(kafka: Kafka): BaseOptions {
  const { brokers, ...rest } = typeof kafka === 'string' ? { brokers: kafka } : kafka
  return { clientId: 'tests', bootstrapBrokers: brokers.split(','), retries: 100, retryDelay: 100, ...rest }
}

/** Whether a broker is up and takes part in its cluster. */
export async function answers(kafka: Kafka): Promise<boolean> {
  const admin = new Admin({ ...clientOptions(kafka), retries: 0, connectTimeout: 1_000, requestTimeout: 2_000 })
  try {
    return (await admin.metadata({ topics: [] })).brokers.size > 0
  } catch {
    return false
  } finally {
    await admin.close()
  }
}

/** An administrator's client for as long as the work takes. */
export async function withAdmin<Result>(kafka: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Admin(clientOptions(kafka))
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}
