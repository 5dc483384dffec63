-- Each stream of alerts counts its own, without gaps: the row is locked by whoever appends, until the commit.
create table groundstation.stream (
  path text collate "C" primary key,
  last_id bigint not null
) with (fillfactor = 20);

-- What was raised, as it is told. Old ones are dropped from the front.
create table groundstation.alert (
  stream text collate "C" not null references groundstation.stream,
  id bigint not null,
  raised timestamptz not null default clock_timestamp(),
  feed smallint not null,
  rule text collate "C" not null,
  key text collate "C",
  data text not null,
  primary key (stream, id)
);
