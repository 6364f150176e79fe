-- name: published
select poll_id::text as poll_id, published_at, html, pdf, json, vkey from launch_record where poll_id = %(poll_id)s

-- name: unpublished
-- Polls that are closed and have no record yet, or none that is proven.
select p.id::text, p.launch_id::text, r.poll_id is not null as drawn
  from launch_poll as p
  left join launch_record as r on r.poll_id = p.id
 where p.state = 'closed' and r.json is null
 order by p.closed_at

-- name: sealed
select sealed from launch_poll where id = %(poll_id)s

-- name: positions
-- What the log has of a poll, in its order.
select p.position, p.action
  from audit_position as p
 where p.resource_type = 'launch_poll' and p.resource_id = %(poll_id)s
    or p.resource_type = 'launch_vote'
       and p.resource_id in (select v.poll_id || '/' || v.role from launch_vote as v where v.poll_id = %(poll_id)s::uuid)
 order by p.position

-- name: insert
insert into launch_record (poll_id, html, pdf) values (%(poll_id)s, %(html)s, %(pdf)s)

-- name: prove
update launch_record set json = %(json)s, vkey = %(vkey)s, published_at = clock_timestamp() where poll_id = %(poll_id)s

-- name: try_lock
select pg_try_advisory_xact_lock(4711018019)
