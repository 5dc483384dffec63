import type { Query } from '../read/query.ts'

export type Counted = {
  /** Within the window, this one among them. */
  readonly attempts: number
  /** Until the window is over. */
  readonly secondsLeft: number
}

const ATTEMPTS_MAX = 1_000_000

/** Counts one more attempt. The window begins with the first, and anew with the first after its end. */
export async function countAttempt(query: Query, subject: Buffer, windowSeconds: number): Promise<Counted> {
  const { rows } = await query(
    `insert into groundstation.login_attempt as a (subject, attempts, since) values ($1, 1, now())
     on conflict (subject) do update set
       attempts = case when a.since > now() - make_interval(secs => $2) then least(a.attempts + 1, ${ATTEMPTS_MAX}) else 1 end,
       since = case when a.since > now() - make_interval(secs => $2) then a.since else now() end
     returning attempts, ceil(extract(epoch from since - now()) + $2)::int as seconds_left`,
    [subject, windowSeconds],
    'count-login-attempt',
  )
  return { attempts: Number(rows[0]?.attempts), secondsLeft: Math.max(1, Number(rows[0]?.seconds_left)) }
}

/** The attempt was a good one: it doesn't count. */
export async function uncountAttempt(query: Query, subject: Buffer): Promise<void> {
  await query('update groundstation.login_attempt set attempts = greatest(attempts - 1, 0) where subject = $1', [
    subject,
  ])
}

export async function forgetAttempts(query: Query, subject: Buffer): Promise<void> {
  await query('delete from groundstation.login_attempt where subject = $1', [subject])
}

/** What is over counts for nothing. */
export async function pruneAttempts(query: Query, windowSeconds: number): Promise<void> {
  await query(
    `delete from groundstation.login_attempt where subject in (
       select subject from groundstation.login_attempt where since < now() - make_interval(secs => $1)
       limit 100000 for update skip locked)`,
    [windowSeconds],
  )
}
