-- The topic that an alert is for: settled when it is raised, whatever is declared when it is delivered.
alter table groundstation.alert add column topic text collate "C";
create index alert_topic on groundstation.alert (stream, feed, topic, id) where topic is not null;

-- What follows a feed's alerts of one stream and delivers them elsewhere. epoch: counted up by whoever takes it over; nobody
-- of an earlier one moves it. held_until: others leave it alone until then. last_id: everything up to it is delivered, or
-- is for others. place: where that led at the other end. problem: why nothing is delivered at the moment.
create table groundstation.output (
  id integer generated always as identity primary key,
  feed smallint not null,
  kind text collate "C" not null,
  stream text collate "C" not null,
  target text collate "C" not null,
  epoch bigint not null default 0,
  held_until timestamptz,
  last_id bigint not null default 0,
  place jsonb,
  problem text,
  unique (feed, stream, kind, target)
);
