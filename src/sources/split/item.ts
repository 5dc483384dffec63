/** One event's bytes; or, of one that is over the limit, how many there were. */
export type SplitItem =
  | { readonly bytes: Buffer; readonly tooLarge?: never }
  | { readonly tooLarge: true; readonly bytes: number }

/** `lines`: NDJSON. `json`: one JSON value, or an array whose elements are the events. */
export type SplitMode = 'lines' | 'json'
