import { ArrayWriter } from '../binary-rows.ts'
import type { Query } from '../store.ts'

/** What a poll has brought of a key, and the digest of its bytes. */
export type Glanced = { readonly key: string; readonly bytesDigest: string }

/**
 * Which of these aren't proved to say what their key's latest version says, by their places among them. Only what is
 * committed counts. `reading`: the declaration's that asks.
 */
export async function findUnproved(
  query: Query,
  feed: number,
  reading: Buffer,
  glanced: readonly Glanced[],
): Promise<number[]> {
  const keys = new ArrayWriter('text')
  const digests = new ArrayWriter('bytea')
  for (const { key, bytesDigest } of glanced) {
    keys.element().textField(key)
    digests.element().hexField(bytesDigest)
  }
  // A look-up by key each, whatever the planner thinks of their number.
  const { rows } = await query(
    `select (place - 1)::integer as place from unnest($1::text[], $2::bytea[]) with ordinality as g (key, bytes, place)
     where not coalesce((
       select k.raw_digest = sha256(k.digest || $3::bytea || g.bytes)
       from groundstation.key_${feed} k where k.key = g.key), false)`,
    [keys.finish(), digests.finish(), reading],
    `find-unproved-${feed}`,
  )
  return (rows as { place: number }[]).map(({ place }) => place)
}
