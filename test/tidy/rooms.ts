/**
 * The rooms of src/ and what each may import. docs/architecture.md says the same in words; change both together.
 * `*` stands for a whole room, a path for one file or folder of it.
 */
export type Room = {
  readonly may: readonly string[]
  /** Computes only: no files, no network, no clock, no chance. */
  readonly isPure?: boolean
  /** Packages, and `node:` where a pure room needs something that computes. */
  readonly packages?: readonly string[]
}

const PURE_NODE = ['node:buffer', 'node:crypto']

export const ROOMS: Readonly<Record<string, Room>> = {
  'errors.ts': { may: [], isPure: true },
  'index.ts': { may: ['feed/'], isPure: true, packages: ['typebox'] },
  feed: { may: [], isPure: true, packages: [...PURE_NODE, 'typebox', 'croner'] },
  sequencer: { may: ['feed/'], isPure: true },
  testing: { may: ['feed/', 'sequencer/'], isPure: true, packages: [...PURE_NODE, 'node:assert'] },
  store: { may: ['feed/', 'sequencer/'], packages: ['pg', 'pg-copy-streams'] },
  engine: { may: ['feed/', 'sequencer/', 'store/'] },
  verify: { may: ['feed/', 'sequencer/', 'store/', 'engine/'] },
  replay: { may: ['feed/', 'sequencer/', 'store/', 'engine/'] },
  embedded: { may: [] },
  users: {
    may: ['feed/access.ts', 'store/read/query.ts', 'store/users/'],
    packages: ['@node-rs/argon2', 'jose'],
  },
  kafka: { may: [], packages: ['@platformatic/kafka'] },
  settings: { may: [] },
  loader: { may: ['feed/'], packages: ['groundstation'] },
  sources: {
    may: ['feed/', 'sequencer/lane.ts', 'engine/contract.ts', 'kafka/', 'store/read/'],
    packages: ['fastify', 'typebox', 'undici'],
  },
  outputs: { may: ['feed/', 'sequencer/lane.ts', 'kafka/', 'store/'] },
  api: {
    may: ['feed/', 'engine/contract.ts', 'sources/', 'store/read/', 'users/'],
    packages: ['fastify', '@fastify/swagger', '@fastify/swagger-ui', 'prom-client', 'typebox'],
  },
  generate: { may: ['feed/', 'store/ddl.ts', 'store/names.ts'], isPure: true },
  cli: {
    may: [
      'api/',
      'embedded/',
      'engine/',
      'feed/',
      'generate/',
      'kafka/',
      'loader/',
      'outputs/',
      'replay/',
      'settings/',
      'sources/',
      'store/',
      'users/',
      'verify/',
    ],
    packages: ['commander', 'pino'],
  },
}

/** `src/feed/time.ts` → `feed`; `src/errors.ts` → `errors.ts`. */
export const roomOf = (path: string): string => path.split('/')[1] ?? ''
