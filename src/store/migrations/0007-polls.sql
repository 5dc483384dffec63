-- Polled sources. Who polls a feed holds its row's lease, and the log `poll` of groundstation.source, whose epoch is the
-- fence: counted up by each take, so that whoever lost the lease writes nothing. cursor: where a poll goes on, moved in
-- the transaction that applies its events.
alter table groundstation.source add column cursor jsonb;

create table groundstation.poll (
  feed smallint primary key references groundstation.feed,
  epoch bigint not null default 0,
  leased_until timestamptz not null default '-infinity',
  -- The last run, under way or over, and when by the database's clock it began.
  run bigint not null default 0,
  started_at timestamptz,
  is_open boolean not null default false,
  -- The time of the cron line that the last run was for.
  scheduled_for timestamptz
);

-- What came of each poll. ms: null while it runs. error: why it ended before its end.
create table groundstation.poll_run (
  feed text not null,
  run bigint not null,
  started_at timestamptz not null,
  ms bigint,
  requests bigint not null default 0,
  new bigint not null default 0,
  changed bigint not null default 0,
  unchanged bigint not null default 0,
  rejected bigint not null default 0,
  gone bigint not null default 0,
  is_complete boolean not null default false,
  error text,
  primary key (feed, run)
);

-- Which run of a poll saw a key last, for feeds that ask what is gone. Apart from the record: it is what a poll saw.
create table groundstation.poll_item (
  feed smallint not null references groundstation.feed,
  key text collate "C" not null,
  run bigint not null,
  primary key (feed, key)
);
create index on groundstation.poll_item (feed, run);
