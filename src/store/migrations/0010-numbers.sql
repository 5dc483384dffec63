-- Small numbers for natural keys, each given once. A series is locked by its row while new ones are given.
create table groundstation.number_series (
  series text primary key,
  last integer not null default 0
);

create table groundstation.number (
  series text not null references groundstation.number_series,
  key text collate "C" not null,
  number integer not null,
  primary key (series, key),
  unique (series, number)
);

create view groundstation.numbers as select series, key, number from groundstation.number;
