-- Idempotency keys of requests whose events carry their own identity, by age: the old ones are forgotten.
create index on groundstation.source (feed, updated_at) where next_offset = 0 and is_complete and place is null;
