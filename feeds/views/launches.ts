/**
 * What the launches add up to, of the simulated masses and delays: over all, by year, the five heaviest, delays by year, and
 * by site. Each in PostgreSQL's words and in Trino's.
 */
const SUCCEEDED = `raw_data ->> 'success' = 'true'`
const SUCCEEDED_IN_TRINO = `json_extract_scalar(raw_data, '$.success') = 'true'`

// Its date is UTC, and a text: one that is none would fail the whole view as a time.
const YEAR = `substring(raw_data ->> 'date_utc' from '^\\d{4}')::integer`
const YEAR_IN_TRINO = `cast(regexp_extract(json_extract_scalar(raw_data, '$.date_utc'), '^\\d{4}') as integer)`

/** Trino's average of integers is a double, which rounds another way. */
const averageInTrino = (column: string) => `avg(cast(${column} as decimal(38, 12)))`

const LAUNCHES = 'postgresql.public.raw_launches'

export const launchViews = {
  launch_aggregates_view: {
    path: '/analytics/totals',
    sql: `
select count(*) as total_launches,
  count(*) filter (where ${SUCCEEDED}) as total_successful_launches,
  round(avg(simulated_total_payload_mass_kg), 2) as average_payload_mass,
  round(avg(simulated_delay_minutes), 2) as average_launch_delay_minutes
from raw_launches`,
  },

  'analytics.by_year': {
    path: '/analytics/by-year',
    key: ['year'],
    sql: `
select ${YEAR} as year,
  count(*) filter (where ${SUCCEEDED}) as successful_launches,
  count(*) as total_launches,
  round(100.0 * count(*) filter (where ${SUCCEEDED}) / count(*), 2) as success_rate_percent
from raw_launches group by 1 order by 1`,
    trino: `
select ${YEAR_IN_TRINO} as year,
  count_if(${SUCCEEDED_IN_TRINO}) as successful_launches,
  count(*) as total_launches,
  round(cast(100 * count_if(${SUCCEEDED_IN_TRINO}) as decimal(38, 12)) / count(*), 2) as success_rate_percent
from ${LAUNCHES} group by 1 order by 1`,
  },

  'analytics.top_payload_masses': {
    path: '/analytics/top-payload-masses',
    sql: `
select * from (
  select rank() over (order by simulated_total_payload_mass_kg desc) as rank, id, raw_data ->> 'name' as name,
    simulated_total_payload_mass_kg as payload_mass_kg
  from raw_launches
) ranked where rank <= 5 order by rank, id`,
    trino: `
select * from (
  select rank() over (order by simulated_total_payload_mass_kg desc) as rank, id,
    json_extract_scalar(raw_data, '$.name') as name, simulated_total_payload_mass_kg as payload_mass_kg
  from ${LAUNCHES}
) ranked where rank <= 5 order by rank, id`,
  },

  'analytics.delays_by_year': {
    path: '/analytics/delays-by-year',
    key: ['year'],
    sql: `
select ${YEAR} as year,
  round(avg(simulated_delay_minutes) / 60, 2) as average_delay_hours,
  round(max(simulated_delay_minutes) / 60.0, 2) as maximum_delay_hours
from raw_launches group by 1 order by 1`,
    trino: `
select ${YEAR_IN_TRINO} as year,
  round(${averageInTrino('simulated_delay_minutes')} / 60, 2) as average_delay_hours,
  round(cast(max(simulated_delay_minutes) as decimal(38, 12)) / 60, 2) as maximum_delay_hours
from ${LAUNCHES} group by 1 order by 1`,
  },

  'analytics.launch_sites': {
    path: '/analytics/launch-sites',
    sql: `
select raw_data ->> 'launchpad' as launchpad, count(*) as launches,
  round(avg(simulated_total_payload_mass_kg), 2) as average_payload_mass_kg
from raw_launches group by 1 order by 2 desc, 1`,
    trino: `
select json_extract_scalar(raw_data, '$.launchpad') as launchpad, count(*) as launches,
  round(${averageInTrino('simulated_total_payload_mass_kg')}, 2) as average_payload_mass_kg
from ${LAUNCHES} group by 1 order by 2 desc, 1`,
  },
}
