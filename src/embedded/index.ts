export { type EmbeddedLogLine, type EmbeddedOptions, type EmbeddedServer, openEmbedded } from './open.ts'
export { keptSecret } from './secret.ts'
