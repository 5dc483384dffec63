-- How much a key misses that isn't waited for any more: ranges, and numbers in them; null where it misses nothing. Columns of
-- their own: an index over spans would be touched by every event that is held.
alter table groundstation.key add column released_gaps integer, add column missing_numbers bigint;
update groundstation.key k set released_gaps = m.gaps, missing_numbers = m.numbers
from (select o.feed, o.id, count(*) as gaps, sum((r ->> 1)::bigint - (r ->> 0)::bigint + 1) as numbers
  from groundstation.key o cross join lateral jsonb_array_elements(o.spans -> 'missing') as r group by o.feed, o.id) as m
where k.feed = m.feed and k.id = m.id;
create index key_released on groundstation.key (feed) include (released_gaps, missing_numbers) where released_gaps is not null;
create index dead_letter_skipped on groundstation.dead_letter (feed) where reason = 'fold' and status = 'open';
