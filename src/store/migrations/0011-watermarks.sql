-- Up to when whatever had arrived is on the record, held or refused: now, or where a feed reads a topic, when its slowest
-- partition was last read to its end.
create view groundstation.watermarks as
select f.name as feed, least(clock_timestamp(), min(coalesce(s.watermark, '-infinity')) filter (where s.id is not null)) as watermark
from groundstation.feed f
left join groundstation.source s on s.feed = f.id and s.place is not null and not s.is_complete
group by f.name;
