/** Bytes to be sent as they are, and the place that they lead to. */
export type Chunk<Place> = { readonly bytes: Buffer; readonly next: Place; readonly count: number }

/** Where a client begins. `isReset`: what it asked for is not there, and it must be told. */
export type Start<Place> = { readonly place: Place; readonly isReset: boolean }

/** Something that grows and that many follow, each from a place of its own. */
export type LiveLog<Place> = {
  /** From now on without an id; with it, what followed. */
  start(lastEventId: string | undefined): Promise<Start<Place>>
  /** What comes after a place; undefined where there is nothing yet, `lost` where it isn't there any more. */
  after(place: Place): Promise<Chunk<Place> | 'lost' | undefined>
  /** A place as the client will give it back. */
  idOf(place: Place): string
  /** Resolves when there may be more. */
  changed(): Promise<void>
  /** As long as somebody follows, it must be told. */
  join(): () => void
}
