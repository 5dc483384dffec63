import { assertSame, type Bench } from './bench.ts'

const COUNTS = `select (select count(*) from groundstation.event) as record,
  (select coalesce(sum(events), 0) from groundstation.key) as folded,
  (select count(*) from rocket_launched) + (select count(*) from speed_change)
    + (select count(*) from rocket_exploded) + (select count(*) from mission_changed) as tables`

/** Counts where the events should be: on the record, in the tables and, but for a bare COPY, in the states. */
export async function assertStored(
  { server }: Bench,
  database: string,
  events: number,
  { folded = true }: { readonly folded?: boolean } = {},
): Promise<void> {
  const [counts] = await server.query(database, COUNTS)
  assertSame('the record', counts?.record, events)
  assertSame("the tables' rows", counts?.tables, events)
  if (folded) assertSame("the states' events", counts?.folded, events)
}
