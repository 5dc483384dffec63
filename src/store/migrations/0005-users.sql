-- Who may do what. account: people, by name and password. username_key: the name as it is compared, unique whatever its
-- capitals. token_version: counted up with each new password; a token that names an earlier one has ended.
create table groundstation.account (
  id uuid primary key default gen_random_uuid(),
  username text not null,
  username_key text collate "C" not null unique,
  name text not null,
  lastname text not null,
  email text not null,
  role text not null check (role in ('reader', 'writer', 'operator', 'administrator')),
  password_hash text not null,
  token_version integer not null default 1,
  created_at timestamptz not null default now()
);
create index on groundstation.account (created_at, id);

-- What machines show. Only the SHA-256 is kept: 32 random bytes need no slower hash.
create table groundstation.machine_token (
  id integer generated always as identity primary key,
  name text collate "C" not null,
  role text not null check (role in ('reader', 'writer', 'operator', 'administrator')),
  digest bytea not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  used_at timestamptz
);
create unique index on groundstation.machine_token (name) where revoked_at is null;

-- How often somebody tried to log in to an account, or from an address, since when. Subjects are keyed digests: what was
-- typed as a name may have been a password. Unlogged: a crash forgives.
create unlogged table groundstation.login_attempt (
  subject bytea primary key,
  attempts integer not null,
  since timestamptz not null
);
