-- Items of a poll that share their id with one before them on their page and differ from it. Where there are many, it is the wrong id.
alter table groundstation.poll_run add column shared bigint not null default 0;
