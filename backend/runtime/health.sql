-- name: beat
insert into heartbeat (name, at, stopped) values (%(name)s, now(), %(stopped)s)
on conflict (name) do update set at = excluded.at, stopped = excluded.stopped

-- name: readiness
select array(select version_num from alembic_version),
       (select extract(epoch from now() - at)::float8 from heartbeat where name = 'worker'),
       coalesce((select stopped from heartbeat where name = 'worker'), '{}')
