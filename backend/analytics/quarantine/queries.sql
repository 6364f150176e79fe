-- name: groups
select event_name, class as violation_class, pointer, schema_version, min(rule) as rule, count(*) as held,
       min(received_at) as oldest_at, max(received_at) as newest_at,
       min(received_at) + make_interval(days => %(days)s) as forgotten_at
  from event_quarantine
 where (%(event_name)s::text is null or event_name = %(event_name)s)
 group by event_name, class, pointer, schema_version
having (%(after)s::text is null
        or (event_name, class, pointer, coalesce(schema_version, 0)) > (%(after)s, %(class)s, %(pointer)s, %(version)s))
 order by event_name, class, pointer, coalesce(schema_version, 0)
 limit %(limit)s

-- name: held
select id, received_at, body from event_quarantine
 where event_name = %(event_name)s and class = %(class)s and pointer = %(pointer)s
   and schema_version is not distinct from %(schema_version)s and id > %(after)s
 order by id
 limit %(limit)s
   for update skip locked

-- name: look
select id, received_at, body from event_quarantine
 where event_name = %(event_name)s and class = %(class)s and pointer = %(pointer)s
   and schema_version is not distinct from %(schema_version)s
 order by received_at
 limit %(limit)s

-- name: release
delete from event_quarantine where id = any (%(ids)s::uuid[])

-- name: discard
delete from event_quarantine
 where event_name = %(event_name)s and class = %(class)s and pointer = %(pointer)s
   and schema_version is not distinct from %(schema_version)s

-- name: land
-- Their ids are known since they came in; where they went is decided as for any other.
insert into event (id, received_day, received_at, occurred_at, kind, event_name, version, producer, app_version, verdict,
                   body)
select id, %(day)s, %(received_at)s, occurred_at, kind, event_name, version, producer, app_version, verdict, body
  from unnest(%(id)s::uuid[], %(occurred_at)s::timestamptz[], %(kind)s::text[], %(event_name)s::text[],
              %(version)s::int[], %(producer)s::text[], %(app_version)s::text[], %(verdict)s::text[],
              string_to_array(%(bodies)s, E'\n'))
       as g (id, occurred_at, kind, event_name, version, producer, app_version, verdict, body)

-- name: count_held
select count(*) from event_quarantine

-- name: oldest
select min(received_at) from event_quarantine
