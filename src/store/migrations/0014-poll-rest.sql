-- How long the API that was polled last asked to be left alone, and until when that is. Of a run that has begun since: null.
alter table groundstation.poll add column rest_ms bigint, add column not_before timestamptz;
alter table groundstation.poll_run add column not_before timestamptz;
