-- name: lock_cursor
select position from own_event_cursor for update

-- name: page
with page as materialized (
    select position, seq, action from audit_position where position > %(position)s order by position limit %(limit)s)
select (select max(position) from page), l.id, l.at, l.actor, l.action, l.after
  from (select 1) as one (n)
  left join (page as p join audit_log as l using (seq)) on p.action = any (%(actions)s::text[])
 order by p.position

-- name: move_cursor
update own_event_cursor set position = %(position)s

-- name: views
-- Once an hour for each person; the use of a permission is noted by the second.
insert into dashboard_view (user_id, hour)
select user_id, date_trunc('hour', last_used) from permission_use
 where permission = 'operations.view_dashboard' and last_used > now() - '2 hours'::interval
on conflict do nothing
returning user_id, hour

-- name: forget_views
delete from dashboard_view where hour < now() - '1 day'::interval

-- name: newest_content
select description, owners, properties, additional_properties, definitions, feed
  from event_schema where event_name = %(event_name)s and state = 'enforced'
