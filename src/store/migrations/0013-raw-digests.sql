-- Of a polled key's latest version: proves that bytes which come again say what it says, so that they needn't be read.
-- It holds of the digest beside it only. Null: nothing is proved, and what comes is read.
alter table groundstation.key add column raw_digest bytea;
