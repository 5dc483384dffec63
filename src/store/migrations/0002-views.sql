-- The public views: stable names, whatever becomes of the tables behind them.

create view groundstation.feeds as
select f.name as feed, f.kind, f.lanes, f.declared_at,
  (select coalesce(sum(l.position), 0) from groundstation.lane l where l.feed = f.id) as events,
  (select coalesce(sum(l.keys), 0) from groundstation.lane l where l.feed = f.id) as keys
from groundstation.feed f;

create view groundstation.record as
select f.name as feed, k.key, nullif(e.sequence, 0) as sequence, coalesce(e.arrived, e.recorded) as arrived, e.recorded,
  e.lane, e.position, s.name as source, e.source_offset as "offset", e.facts, e.raw, e.raw::jsonb as event
from groundstation.event e
join groundstation.feed f on f.id = e.feed
left join groundstation.key k on k.feed = e.feed and k.id = e.key_id
left join groundstation.source s on s.id = e.source;

create view groundstation.held as
select f.name as feed, k.key, h.sequence, k.frontier + 1 as waiting_for, h.arrived as since, h.raw
from groundstation.held_event h
join groundstation.feed f on f.id = h.feed
join groundstation.key k on k.feed = h.feed and k.id = h.key_id;

-- Numbers of a key that are not in. An open hole ends before what is held; the numbers voided within it are left out.
create view groundstation.gaps as
with spans as (
  select k.feed, k.id, k.key, k.frontier, k.spans from groundstation.key k where k.spans is not null
), held as (
  select s.feed, s.id, s.key, (h.value ->> 0)::bigint as held_from, (h.value ->> 1)::bigint as held_to, h.ordinality,
    min((h.value ->> 2)::double precision)
      over (partition by s.feed, s.id order by h.ordinality rows between current row and unbounded following) as since_ms,
    coalesce(lag((h.value ->> 1)::bigint) over (partition by s.feed, s.id order by h.ordinality), s.frontier) as before
  from spans s cross join lateral jsonb_array_elements(s.spans -> 'held') with ordinality as h
), holes as (
  select h.feed, h.id, h.key, lower(r) as from_number, upper(r) - 1 as to_number,
    to_timestamp(h.since_ms / 1000) as since, 'open' as status
  from held h
  cross join lateral unnest(
    int8multirange(int8range(h.before + 1, h.held_from)) - coalesce(
      (select range_agg(int8range((v.value ->> 0)::bigint, (v.value ->> 1)::bigint, '[]'))
       from groundstation.key k cross join lateral jsonb_array_elements(k.spans -> 'voided') as v
       where k.feed = h.feed and k.id = h.id), '{}'::int8multirange)) as r
  union all
  select s.feed, s.id, s.key, (m.value ->> 0)::bigint, (m.value ->> 1)::bigint,
    to_timestamp((m.value ->> 2)::double precision / 1000), 'released'
  from spans s cross join lateral jsonb_array_elements(s.spans -> 'missing') as m
  union all
  select c.feed, c.key_id, k.key, c.first_number, c.last_number, c.since, c.status
  from groundstation.closed_hole c join groundstation.key k on k.feed = c.feed and k.id = c.key_id
)
select f.name as feed, h.key, h.from_number, h.to_number, h.since, h.status, d.id as dead_letter
from holes h
join groundstation.feed f on f.id = h.feed
left join lateral (
  select id from groundstation.dead_letter d
  where d.feed = h.feed and d.key = h.key and d.sequence between h.from_number and h.to_number and d.reason not in ('conflict', 'fold')
  order by d.sequence limit 1
) d on true;

create view groundstation.dead_letters as
select d.id, f.name as feed, d.reason, d.message, d.pointer, d.key, d.sequence, d.source, d.count, d.first_at, d.last_at,
  d.status, d.raw
from groundstation.dead_letter d join groundstation.feed f on f.id = d.feed;
