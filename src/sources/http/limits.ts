/** What one request, and all of them together, may take. Every limit has an answer of its own: `docs/api.md`. */
export type Limits = {
  /** One event. */
  readonly eventBytesMax: number
  /** A JSON array, unfolded. */
  readonly arrayBytesMax: number
  readonly arrayEventsMax: number
  /** All bodies that are in memory whole at one time. */
  readonly bufferedBytesMax: number
  /** How many times its size a compressed stream may unfold to. */
  readonly unfoldRatioMax: number
  /** From the connection to the end of a request's headers. */
  readonly headersMsMax: number
  /** From the headers to the end of a body that is read whole. */
  readonly bodyMsMax: number
  /** Without a byte of a stream that is read, or of an answer that isn't. */
  readonly idleMsMax: number
  /** How long a connection waits for its next request. */
  readonly keepAliveMs: number
  readonly connectionsMax: number
  /** Live streams that one user, or one address, may have open. */
  readonly streamsPerUserMax: number
  /** A live stream says so often that it is there. */
  readonly heartbeatMs: number
  /** Whoever takes nothing of a live stream for so long is cut; it goes on where it was when it comes back. */
  readonly stuckMsMax: number
  /** From the call to close until connections that are still busy are cut. */
  readonly closeMsMax: number
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: Limits = {
  eventBytesMax: MIB,
  arrayBytesMax: 32 * MIB,
  arrayEventsMax: 10_000,
  bufferedBytesMax: 256 * MIB,
  unfoldRatioMax: 1000,
  headersMsMax: 10_000,
  bodyMsMax: 30_000,
  idleMsMax: 30_000,
  // Short, for there are senders that open a connection a message and leave it open.
  keepAliveMs: 5_000,
  connectionsMax: 10_000,
  streamsPerUserMax: 100,
  heartbeatMs: 15_000,
  stuckMsMax: 20_000,
  closeMsMax: 10_000,
}
