-- What Groundstation keeps. Partitioned tables are cut by feed, the record by time as well, so that a feed's rows lie
-- together and old ones can be dropped whole. A feed's own leaves are made when it is first declared (feed.ts).

create table groundstation.feed (
  id smallint generated always as identity primary key,
  name text not null unique,
  kind text not null,
  -- Cut into so many lanes by FNV-1a over the key's UTF-16 units. Never changes: a key would move to another lane.
  lanes smallint not null,
  declared_at timestamptz not null default now()
);

-- Each declaration that ever folded a feed's states. A process whose generation is lower than a lane's doesn't write.
create table groundstation.generation (
  feed smallint not null references groundstation.feed,
  generation integer not null,
  fingerprint text not null,
  declared_at timestamptz not null default now(),
  primary key (feed, generation)
);

-- One row a lane, locked by whoever applies a batch. position: gapless, numbers the lane's record. version: counted up by
-- every transaction that changes a key of the lane, so that what a process remembers of it can be trusted or not.
create table groundstation.lane (
  feed smallint not null references groundstation.feed,
  lane smallint not null,
  position bigint not null default 0,
  version bigint not null default 0,
  keys bigint not null default 0,
  generation integer not null default 0,
  primary key (feed, lane)
) with (fillfactor = 20);

-- A key's cursor and state. spans: missing, voided and held numbers, where there are any.
create table groundstation.key (
  id bigint not null,
  frontier bigint not null,
  events bigint not null,
  waiting_since timestamptz,
  generation integer not null,
  feed smallint not null,
  lane smallint not null,
  key text collate "C" not null,
  time text collate "C",
  digest bytea,
  spans jsonb,
  state jsonb
) partition by list (feed);

-- Every distinct event, once, in the order it was applied. arrived: where it came earlier than it was applied.
-- facts: what isn't in the event and was fixed when it was accepted.
create table groundstation.event (
  position bigint not null,
  key_id bigint,
  sequence bigint not null,
  recorded timestamptz not null,
  arrived timestamptz,
  source_offset bigint,
  source integer,
  feed smallint not null,
  lane smallint not null,
  facts jsonb,
  raw text collate "C" not null
) partition by list (feed);

create table groundstation.held_event (
  feed smallint not null,
  key_id bigint not null,
  sequence bigint not null,
  arrived timestamptz not null,
  raw text collate "C" not null,
  primary key (feed, key_id, sequence)
);

-- Holes that are closed: healed by a late event, or voided. Open and released ones are in the keys' spans.
create table groundstation.closed_hole (
  feed smallint not null,
  key_id bigint not null,
  first_number bigint not null,
  last_number bigint not null,
  since timestamptz not null,
  closed_at timestamptz not null,
  status text not null check (status in ('healed', 'voided'))
);
create index on groundstation.closed_hole (feed, key_id, first_number);

-- States to fold from. is_base: what lies before it may have been dropped by retention.
create table groundstation.snapshot (
  feed smallint not null,
  key_id bigint not null,
  sequence bigint not null,
  events bigint not null,
  generation integer not null,
  is_base boolean not null default false,
  time text collate "C",
  state jsonb,
  primary key (feed, key_id, sequence)
);

create table groundstation.seen (
  feed smallint not null,
  id text collate "C" not null,
  digest bytea not null,
  seen_at timestamptz not null,
  primary key (feed, id)
);
create index on groundstation.seen (feed, seen_at);

-- Logs that events are read from by offset: a file, a request with an idempotency key, a topic's partition.
create table groundstation.source (
  id integer generated always as identity primary key,
  feed smallint not null references groundstation.feed,
  name text collate "C" not null,
  next_offset bigint not null default 0,
  -- SHA-256 of the bytes up to next_offset: the same name with other bytes is refused.
  digest bytea,
  is_complete boolean not null default false,
  updated_at timestamptz not null default now(),
  unique (feed, name)
);

create table groundstation.dead_letter (
  id bigint generated always as identity primary key,
  feed smallint not null references groundstation.feed,
  reason text not null,
  message text not null,
  pointer text not null,
  key text collate "C",
  sequence bigint,
  source jsonb not null,
  digest bytea not null,
  count bigint not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  status text not null default 'open' check (status in ('open', 'replayed', 'dismissed')),
  raw bytea not null,
  unique (feed, digest)
);
create index on groundstation.dead_letter (feed, key, sequence) where key is not null;
create index on groundstation.dead_letter (feed, id) where status = 'open';
