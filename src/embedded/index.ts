export { type EmbeddedLogLine, type EmbeddedOptions, type EmbeddedServer, openEmbedded } from './open.ts'
