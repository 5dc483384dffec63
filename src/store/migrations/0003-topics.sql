-- Feeds that read a topic. Which hash spreads a feed's keys over its lanes: those that were there keep theirs.
alter table groundstation.feed add column lane_hash text not null default 'fnv1a';

-- blocked: why nothing of a partition is read until somebody has said where to go on.
-- epoch: counted up by whoever takes a partition over; a batch of an earlier epoch writes nothing. watermark: everything
-- that was in the log at this moment is applied. place: the topic's cluster, name, id and the partition.
alter table groundstation.source add column epoch bigint not null default 0;
alter table groundstation.source add column watermark timestamptz;
alter table groundstation.source add column place jsonb;
alter table groundstation.source add column blocked text;
