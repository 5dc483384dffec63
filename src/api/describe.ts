import type { Engine } from '../engine/contract.ts'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { ViewColumn } from '../store/read/views.ts'
import type { Users } from '../users/users.ts'
import { createServer } from './server.ts'

/** The OpenAPI document of a server of these feeds, in all its roles, without one: nothing listens, nothing is opened. `columns`: of the
 * views that are served, by their names. */
export async function describeApi(
  feeds: readonly CompiledFeed[],
  version: string,
  columns: ReadonlyMap<string, readonly ViewColumn[]>,
): Promise<Readonly<Record<string, unknown>>> {
  const byName = new Map(feeds.map(feed => [feed.name, feed]))
  const server = await createServer({
    engine: { ...NO_ENGINE, feeds: byName },
    query: absent,
    users: NO_USERS,
    feeds: byName,
    columns,
    log: { error: () => undefined, info: () => undefined },
    version,
  })
  try {
    return server.openapi()
  } finally {
    await server.close()
  }
}

const absent = async (): Promise<never> => {
  throw new GroundstationError('STOPPING', 'This server only describes itself.')
}

/** Routes take them, and nobody calls them. */
const NO_USERS: Users = {
  identify: absent,
  check: absent,
  tokenFor: absent,
  add: absent,
  list: absent,
  changePassword: absent,
}

const NO_ENGINE: Omit<Engine, 'feeds'> = {
  submit: absent,
  room: absent,
  log: absent,
  claim: absent,
  stateAt: absent,
  recordPlace: absent,
  changes: () => ({ read: absent }),
  onApplied: () => () => undefined,
  dryRun: absent,
  dismiss: absent,
  health: () => ({ isReady: false, reason: 'This server only describes itself.' }),
  start: absent,
  stop: absent,
}
