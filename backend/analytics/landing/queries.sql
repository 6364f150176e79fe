-- name: take
-- Bodies have no line break: JSON escapes it.
with given as (
    select * from unnest(%(id)s::uuid[], %(hash)s::uuid[], %(occurred_at)s::timestamptz[], %(kind)s::text[],
                         %(event_name)s::text[], %(version)s::int[], %(producer)s::text[], %(app_version)s::text[],
                         %(verdict)s::text[], string_to_array(%(bodies)s, E'\n'))
        as g (id, hash, occurred_at, kind, event_name, version, producer, app_version, verdict, body)),
fresh as (
    insert into event_id (id, hash, day) select id, hash, %(day)s from given order by id
    on conflict do nothing returning id),
put as (
    insert into event (id, received_day, received_at, occurred_at, kind, event_name, version, producer, app_version,
                       verdict, body)
    select id, %(day)s, %(received_at)s, occurred_at, kind, event_name, version, producer, app_version, verdict, body
      from given join fresh using (id) where verdict <> 'quarantined')
select count(*), case when count(*) < cardinality(%(id)s::uuid[]) then array_agg(id) end from fresh

-- name: hashes
select id, hash from event_id where id = any (%(ids)s::uuid[])

-- name: make_day
select event_partition(%(day)s)

-- name: hold
insert into event_quarantine (id, received_at, occurred_at, kind, event_name, schema_version, class, pointer, rule,
                              producer, app_version, environment, body)
select q.id, %(received_at)s, q.occurred_at, q.kind, q.event_name, q.schema_version, q.class, q.pointer, q.rule,
       q.producer, q.app_version, %(environment)s, b.body
  from unnest(%(id)s::uuid[], %(occurred_at)s::timestamptz[], %(kind)s::text[], %(event_name)s::text[],
              %(schema_version)s::int[], %(class)s::text[], %(pointer)s::text[], %(rule)s::text[],
              %(producer)s::text[], %(app_version)s::text[])
       with ordinality as q (id, occurred_at, kind, event_name, schema_version, class, pointer, rule, producer,
                             app_version, number)
  join unnest(%(body)s::bytea[]) with ordinality as b (body, number) using (number)
on conflict do nothing

-- name: count_events
insert into event_count (hour, event_name, version, producer, app_version, verdict, shard, count)
select %(hour)s, event_name, version, producer, app_version, verdict, pg_backend_pid() %% 8, count
  from unnest(%(event_name)s::text[], %(version)s::int[], %(producer)s::text[], %(app_version)s::text[],
              %(verdict)s::text[], %(count)s::bigint[])
       as g (event_name, version, producer, app_version, verdict, count)
 order by event_name, version, producer, app_version, verdict
on conflict (event_name, hour, version, producer, app_version, verdict, shard)
   do update set count = event_count.count + excluded.count

-- name: new_groups
insert into violation_group (event_name, class, pointer, schema_version, producer, app_version, environment, rule,
                             nearest, first_seen)
select event_name, class, pointer, schema_version, producer, app_version, %(environment)s, rule, nearest, %(seen_at)s
  from unnest(%(event_name)s::text[], %(class)s::text[], %(pointer)s::text[], %(schema_version)s::int[],
              %(producer)s::text[], %(app_version)s::text[], %(rule)s::text[], %(nearest)s::text[])
       as g (event_name, class, pointer, schema_version, producer, app_version, rule, nearest)
 order by event_name, class, pointer, schema_version, producer, app_version
on conflict do nothing

-- name: count_violations
insert into violation_day (group_id, day, shard, count, last_seen)
select v.id, %(day)s, pg_backend_pid() %% 8, g.count, %(seen_at)s
  from unnest(%(event_name)s::text[], %(class)s::text[], %(pointer)s::text[], %(schema_version)s::int[],
              %(producer)s::text[], %(app_version)s::text[], %(count)s::bigint[])
       as g (event_name, class, pointer, schema_version, producer, app_version, count)
  join violation_group as v using (event_name, class, pointer, schema_version, producer, app_version)
 where v.environment = %(environment)s
 order by v.id
on conflict (group_id, day, shard)
   do update set count = violation_day.count + excluded.count,
                 last_seen = greatest(violation_day.last_seen, excluded.last_seen)
