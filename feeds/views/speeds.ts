/**
 * What the rockets' speeds add up to: of each speed that a rocket was set to, by rocket, type, mission and minute, and over
 * all. As the state has it: a speed never falls below 0, the first launch counts, and after an explosion nothing does.
 */
const EXPLODED = 'select channel, min(messageNumber) as number from rocket_exploded group by channel'

/** A row for each message that set a speed, with the type and the mission that the rocket had then. */
const ROCKET_SPEEDS = `
with exploded as (${EXPLODED}),
launched as (
  select distinct on (channel) l.* from rocket_launched l left join exploded e using (channel)
  where e.number is null or l.messageNumber < e.number order by channel, l.messageNumber
),
heard as (
  select channel, messageNumber as number, messageTime as time, launchSpeed::bigint as change, type, mission from launched
  union all
  select channel, messageNumber, messageTime,
    case messageType when 'RocketSpeedIncreased' then changeValue else -changeValue end, null, null from speed_change
  union all
  select channel, messageNumber, messageTime, null, null, newMission from mission_changed
),
flown as (
  select h.*, count(h.type) over so_far as leg, count(h.mission) over so_far as missions
  from heard h left join exploded e using (channel) where e.number is null or h.number < e.number
  window so_far as (partition by channel order by h.number)
),
summed as (
  select channel, number, time, change, leg, sum(change) over (partition by channel, leg order by number) as total,
    max(type) over (partition by channel, leg) as type, max(mission) over (partition by channel, missions) as mission
  from flown
)
-- What would have gone below 0 on the way doesn't count.
select channel, number, time, type, mission,
  (total - least(0, min(total) over (partition by channel, leg order by number)))::bigint as speed
from summed where change is not null`

const FIGURES = `count(*) as speeds, round(avg(speed), 3) as average, min(speed) as minimum, max(speed) as maximum,
  count(*) filter (where speed = 0) as standing, count(*) filter (where speed > 0 and speed < 10000) as slow,
  count(*) filter (where speed >= 10000 and speed < 100000) as medium, count(*) filter (where speed >= 100000) as fast`

/**
 * Final: it ended before what has arrived by now, less the wait, and no number is waited for that may belong before its end; so
 * only what comes later than it was waited for changes it. Complete: no number is missing either that is not waited for any
 * more. A rocket's messages are taken to be numbered in the order of their times: what is missing is no older than what
 * came before it.
 */
const WINDOWS = `
with missing as (
  select g.status, coalesce(max(b.time), '-infinity') as since
  from groundstation.gaps g
  left join (${EXPLODED}) e on e.channel = g.key::uuid
  left join lateral (
    (select messageTime as time from rocket_launched where channel = g.key::uuid and messageNumber < g.from_number
      order by messageNumber desc limit 1)
    union all (select messageTime from speed_change where channel = g.key::uuid and messageNumber < g.from_number
      order by messageNumber desc limit 1)
    union all (select messageTime from mission_changed where channel = g.key::uuid and messageNumber < g.from_number
      order by messageNumber desc limit 1)
  ) b on true
  where g.feed = 'rockets' and g.status in ('open', 'released') and (e.number is null or g.from_number < e.number)
  group by g.key, g.from_number, g.status
),
known as (
  select least(min(m.since) filter (where m.status = 'open'), max(w.watermark) - interval '30 seconds') as final,
    coalesce(min(m.since), 'infinity') as complete
  from groundstation.watermarks w left join missing m on true where w.feed = 'rockets'
)
select date_bin('1 minute', time, '2000-01-01Z') as window_start,
  date_bin('1 minute', time, '2000-01-01Z') + interval '1 minute' as window_end, count(distinct channel) as rockets, ${FIGURES},
  date_bin('1 minute', time, '2000-01-01Z') + interval '1 minute' <= max(known.final) as final,
  date_bin('1 minute', time, '2000-01-01Z') + interval '1 minute' <= max(known.complete) as complete
from rocket_speeds, known group by 1, 2`

const by = (column: string) =>
  `select ${column}, count(distinct channel) as rockets, ${FIGURES} from rocket_speeds group by ${column} order by ${column}`

/** Computed at each reading. With millions of messages add `refresh: '60s'` and a `key` to those that are read often. */
export const speeds = {
  rocket_speeds: { sql: ROCKET_SPEEDS },
  speeds_by_rocket: {
    path: '/speeds/rockets',
    paging: true,
    key: ['channel'],
    sql: `select channel, max(type) as type, ${FIGURES} from rocket_speeds group by channel`,
  },
  speeds_by_type: { path: '/speeds/types', sql: by('type') },
  speeds_by_mission: { path: '/speeds/missions', sql: by('mission') },
  speeds_over_all: {
    path: '/speeds',
    sql: `select count(distinct channel) as rockets, ${FIGURES} from rocket_speeds`,
  },
  speeds_by_minute: { path: '/speeds/minutes', paging: true, key: ['window_start'], sql: WINDOWS },
}
