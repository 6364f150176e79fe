-- name: days_before
select day from event_partition_day where day < %(day)s order by day

-- name: drop_day
select event_partition_drop(%(day)s)

-- name: forget_marks
delete from event_value_forgotten where day < %(day)s

-- name: days
select day from event_partition_day order by day

-- name: forgotten
select day, event_name, version, property from event_value_forgotten

-- name: mark_forgotten
insert into event_value_forgotten (day, event_name, version, property)
select %(day)s, %(event_name)s, %(version)s, property from unnest(%(properties)s::text[]) as g (property)
on conflict do nothing returning property

-- name: bodies
select id, body from event
 where received_day = %(day)s and event_name = %(event_name)s and version = %(version)s and id > %(after)s
 order by id
 limit %(limit)s

-- name: put_bodies
-- Bodies have no line break: JSON escapes it.
update event as e
   set body = g.body
  from unnest(%(ids)s::uuid[], string_to_array(%(bodies)s, E'\n')) as g (id, body)
 where e.received_day = %(day)s and e.id = g.id

-- name: forget_ids
delete from event_id where day < %(day)s

-- name: forget_held
with gone as (
    delete from event_quarantine where received_at < now() - make_interval(days => %(days)s)
    returning event_name, class)
select event_name, class, count(*) from gone group by 1, 2 order by 1, 2

-- name: forget_counts
delete from event_count where hour < now() - make_interval(days => %(days)s)

-- name: forget_violations
with old as (delete from violation_day where day < %(day)s)
delete from violation_group as g
 where g.first_seen < %(day)s
   and not exists (select from violation_day as d where d.group_id = g.id and d.day >= %(day)s)

-- name: forget_radii
delete from event_radius where asked_at < now() - make_interval(days => %(days)s)
