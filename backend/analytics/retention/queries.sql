-- name: days_before
select day from event_partition_day where day < %(day)s order by day

-- name: drop_day
select event_partition_drop(%(day)s)

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
