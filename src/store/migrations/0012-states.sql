-- Each key's state as the API serves it, for SQL: the highest number applied, its time, whether all before it is in. Only of
-- feeds that have a state.
create view groundstation.states as
select f.name as feed, k.key,
  case when k.spans is null then k.frontier else coalesce(
    (select (v ->> 0)::bigint - 1 from jsonb_array_elements(k.spans -> 'voided') as v where (v ->> 1)::bigint = k.frontier),
    k.frontier) end as sequence,
  k.time, coalesce(jsonb_array_length(k.spans -> 'missing'), 0) = 0 as complete, k.state
from groundstation.feed f join groundstation.key k on k.feed = f.id
where k.events > 0 and k.frontier > 0 and k.state is not null;
