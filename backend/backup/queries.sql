-- name: identity
select system_identifier::text, current_database()::text from pg_control_system()

-- name: tables
-- Tables of ours: not the catalogue's, not those of extensions.
select n.nspname::text, c.relname::text
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'p'
   and n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
   and not exists (select from pg_depend as d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2

-- name: used
-- Whether a database holds anything that a restore could meet.
select exists (
    select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
       and not exists (select from pg_depend as d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))

-- name: restored_schemas
select nspname::text from pg_namespace where nspname <> 'information_schema' and not starts_with(nspname, 'pg_')

-- name: try_lock
-- Held by the connection, so also freed when its holder is killed.
select pg_try_advisory_lock(4711018008)

-- name: unlock
select pg_advisory_unlock(4711018008)

-- name: left_over
select datname::text from pg_database where starts_with(datname, %(prefix)s)

-- name: audit_gaps
-- Positions are dense from 1 to the relay's, each with its row, and every row the relay has passed has a position.
select
    (select count(*) from audit_position) as positions,
    (select count(distinct seq) from audit_position) as stamped,
    (select coalesce(min(position), 1) from audit_position) as first,
    (select coalesce(max(position), 0) from audit_position) as last,
    (select position from audit_relay) as relayed,
    (select count(*) from audit_position as p
      where not exists (select from audit_log as a where a.seq = p.seq)) as without_row,
    (select count(*) from audit_log as a, audit_relay as r
      where (a.seq <= r.seq_floor or (a.xid, a.seq) <= (r.xid, r.seq))
        and not exists (select from audit_position as p where p.seq = a.seq)) as without_position

-- name: insert_run
insert into backup_run (started_at, finished_at, scheduled, file, bytes, sha256, state, detail, rows)
values (%(started_at)s, clock_timestamp(), %(scheduled)s, %(file)s, %(bytes)s, %(sha256)s, %(state)s, %(detail)s,
        %(rows)s)
returning id::text as id, started_at, finished_at, scheduled, file, bytes, sha256, state, tested_at, detail, rows

-- name: judge_run
update backup_run set state = %(state)s, detail = %(detail)s, file = %(file)s, tested_at = clock_timestamp()
 where id = %(id)s
returning id::text as id, started_at, finished_at, scheduled, file, bytes, sha256, state, tested_at, detail, rows

-- name: runs_page
-- A test that came later was not known at that instant.
select id::text as id, started_at, finished_at, scheduled, file, bytes, sha256, rows,
       case when tested_at > %(as_of)s then 'untested' else state end as state,
       case when tested_at > %(as_of)s then null else tested_at end as tested_at,
       case when tested_at > %(as_of)s then '' else detail end as detail
  from backup_run
 where finished_at <= %(as_of)s
   and (%(started_at)s::timestamptz is null or (started_at, id) < (%(started_at)s, %(run_id)s::uuid))
 order by started_at desc, id desc
 limit %(limit)s

-- name: history
-- When backups were first expected; the newest scheduled run; the newest one that made a file.
select (select expected_since from backup_watch) as expected_since, clock_timestamp() as now,
       last.started_at as last_started_at, last.state as last_state,
       (select max(started_at) from backup_run where scheduled and sha256 is not null) as last_made_at
  from (select) as always
  left join lateral (select started_at, state from backup_run where scheduled order by started_at desc limit 1) as last
    on true

-- name: look
-- Looks further apart than the gap are not one stretch: meanwhile nothing could be made.
update backup_watch
   set listening_since = case when clock_timestamp() - seen_at > %(gap)s::interval then clock_timestamp()
                              else listening_since end,
       seen_at = clock_timestamp()
returning listening_since

-- name: newest_seal
select vkey from audit_checkpoint order by size desc limit 1

-- name: newest_restored
select file, started_at from backup_run where state = 'ok' order by started_at desc limit 1

-- name: ages
select extract(epoch from clock_timestamp() - max(started_at) filter (where sha256 is not null))::float8,
       extract(epoch from clock_timestamp() - max(started_at) filter (where state = 'ok'))::float8
  from backup_run
