-- The views that feeds declare. digest: of what a view was made from. refreshed_at: whatever was committed before it is in
-- its rows; null until it is filled for the first time. tried_at, took_ms, problem: of the last refresh.
create table groundstation.view (
  schema text collate "C" not null,
  name text collate "C" not null,
  feed smallint not null references groundstation.feed,
  digest text not null,
  made_at timestamptz not null default now(),
  refresh_ms double precision,
  refreshed_at timestamptz,
  tried_at timestamptz,
  took_ms double precision,
  problem text,
  primary key (schema, name)
);

create view groundstation.views as
select f.name as feed, v.schema, v.name, v.refresh_ms, v.refreshed_at, v.took_ms, v.problem
from groundstation.view v join groundstation.feed f on f.id = v.feed;
