/**
 * What the launches add up to: over all, by year, the five heaviest, delays by year, and by site. The columns without `true_` are
 * those of the simulated masses and delays; a true one counts the launches of which it is known. Each in PostgreSQL's words and in
 * Trino's.
 */

/** Trino's average of integers is a double, and that of decimals has their scale: both round another way. */
const averageInTrino = (column: string) => `avg(cast(${column} as decimal(38, 12)))`

const LAUNCHES = 'postgresql.analytics.launch'

// The case, which says nothing new, has PostgreSQL read the delay before it joins, and not carry whole states through.
// A mass that isn't known makes the launch's unknown. Grouped, and not looked up for each launch: for many it is one hash.
const JOINED = `
from spacex.launch l
left join (
  select n.launch, case when count(*) = count(p.mass_kg) then sum(p.mass_kg::numeric) end::numeric(18, 3) as payload_mass_kg
  from (select id as launch, jsonb_array_elements_text(payloads) as payload from spacex.launch) as n
  left join spacex.payload p on p.id = n.payload
  group by n.launch
) as m on m.launch = l.id
left join (
  select key, case when state is not null then (state ->> 'delay_minutes')::integer end as delay_minutes
  from groundstation.states where feed = 'spacex-launches'
) as s on s.key = l.id`

/** What is unknown has no rank. */
const TRUE_RANK = `case when payload_mass_kg is not null then rank() over (order by payload_mass_kg desc nulls last) end`

/** The same in both. */
const TOP_MASSES = (launches: string) => `
select * from (
  select rank() over (order by simulated_total_payload_mass_kg desc) as rank, id, name,
    simulated_total_payload_mass_kg as payload_mass_kg, payload_mass_kg as true_payload_mass_kg, ${TRUE_RANK} as true_rank
  from ${launches}
) ranked where rank <= 5 order by rank, id`

const TOP_TRUE_MASSES = (launches: string) => `
select * from (select ${TRUE_RANK} as rank, id, name, payload_mass_kg from ${launches}) ranked
where rank <= 5 order by rank, id`

export const launchViews = {
  raw_launches: {
    sql: `select l.id, l.fetched_at_timestamp, l.simulated_total_payload_mass_kg, l.simulated_delay_minutes, l.raw_data,
  m.payload_mass_kg, s.delay_minutes${JOINED}`,
  },

  // The same without what the API told: sorting and hashing that for each sum takes longer than all the rest.
  'analytics.launch': {
    // Its date is UTC, and a text: one that is none would fail the whole view as a time.
    sql: `select l.id, l.name, substring(l.date_utc from '^\\d{4}')::integer as year, l.success, l.launchpad,
  l.simulated_total_payload_mass_kg, l.simulated_delay_minutes, m.payload_mass_kg, s.delay_minutes${JOINED}`,
  },

  launch_aggregates_view: {
    path: '/analytics/totals',
    sql: `
select count(*) as total_launches,
  count(*) filter (where success) as total_successful_launches,
  round(avg(simulated_total_payload_mass_kg), 2) as average_payload_mass,
  round(avg(simulated_delay_minutes), 2) as average_launch_delay_minutes,
  count(payload_mass_kg) as launches_of_known_mass,
  round(avg(payload_mass_kg), 2) as true_average_payload_mass_kg,
  count(delay_minutes) as launches_seen_to_slip,
  round(avg(delay_minutes), 2) as true_average_delay_minutes
from analytics.launch`,
  },

  'analytics.by_year': {
    path: '/analytics/by-year',
    key: ['year'],
    sql: `
select year, count(*) filter (where success) as successful_launches, count(*) as total_launches,
  round(100.0 * count(*) filter (where success) / count(*), 2) as success_rate_percent
from analytics.launch group by 1 order by 1`,
    trino: `
select year, count_if(success) as successful_launches, count(*) as total_launches,
  round(cast(100 * count_if(success) as decimal(38, 12)) / count(*), 2) as success_rate_percent
from ${LAUNCHES} group by 1 order by 1`,
  },

  'analytics.top_payload_masses': {
    path: '/analytics/top-payload-masses',
    sql: TOP_MASSES('analytics.launch'),
    trino: TOP_MASSES(LAUNCHES),
  },

  'analytics.top_true_payload_masses': {
    path: '/analytics/top-true-payload-masses',
    sql: TOP_TRUE_MASSES('analytics.launch'),
    trino: TOP_TRUE_MASSES(LAUNCHES),
  },

  'analytics.delays_by_year': {
    path: '/analytics/delays-by-year',
    key: ['year'],
    sql: `
select year,
  round(avg(simulated_delay_minutes) / 60, 2) as average_delay_hours,
  round(max(simulated_delay_minutes) / 60.0, 2) as maximum_delay_hours,
  round(avg(delay_minutes) / 60, 2) as true_average_delay_hours,
  round(max(delay_minutes) / 60.0, 2) as true_maximum_delay_hours
from analytics.launch group by 1 order by 1`,
    trino: `
select year,
  round(${averageInTrino('simulated_delay_minutes')} / 60, 2) as average_delay_hours,
  round(cast(max(simulated_delay_minutes) as decimal(38, 12)) / 60, 2) as maximum_delay_hours,
  round(${averageInTrino('delay_minutes')} / 60, 2) as true_average_delay_hours,
  round(cast(max(delay_minutes) as decimal(38, 12)) / 60, 2) as true_maximum_delay_hours
from ${LAUNCHES} group by 1 order by 1`,
  },

  'analytics.launch_sites': {
    path: '/analytics/launch-sites',
    sql: `
select l.launchpad, count(*) as launches,
  round(avg(l.simulated_total_payload_mass_kg), 2) as average_payload_mass_kg,
  round(avg(l.payload_mass_kg), 2) as true_average_payload_mass_kg, min(p.full_name) as site
from analytics.launch l left join spacex.launchpad p on p.id = l.launchpad
group by 1 order by 2 desc, 1`,
    trino: `
select l.launchpad, count(*) as launches,
  round(${averageInTrino('l.simulated_total_payload_mass_kg')}, 2) as average_payload_mass_kg,
  round(${averageInTrino('l.payload_mass_kg')}, 2) as true_average_payload_mass_kg, min(p.full_name) as site
from ${LAUNCHES} l left join postgresql.spacex.launchpad p on p.id = l.launchpad
group by 1 order by 2 desc, 1`,
  },
}
