-- name: beat
insert into heartbeat (name, at, stopped) values (%(name)s, now(), %(stopped)s)
on conflict (name) do update set at = excluded.at, stopped = excluded.stopped

-- name: readiness
select array(select version_num from alembic_version),
       (select extract(epoch from now() - at)::float8 from heartbeat where name = 'worker'),
       coalesce((select stopped from heartbeat where name = 'worker'), '{}')

-- name: little_memory
select set_config('work_mem', '64kB', true)

-- name: need_room
-- A row that is there already is changed in place, however full the disk is: sorting what does not fit into memory needs
-- a file, which is gone afterwards.
select count(*) from (select n from generate_series(1, 20000) as n order by n desc) as sorted

-- name: failed_jobs
select count(*) from (select from procrastinate_jobs where status = 'failed' limit 1000) as failed
