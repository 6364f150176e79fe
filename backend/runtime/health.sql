-- name: beat
insert into heartbeat (name, at) values (%(name)s, now()) on conflict (name) do update set at = excluded.at

-- name: readiness
select array(select version_num from alembic_version),
       (select extract(epoch from now() - at)::float8 from heartbeat where name = 'worker')
