-- Of unique feeds with an order: the rank of the key's latest version, as bytes that sort as (order, id) do.
alter table groundstation.key add column rank bytea;
