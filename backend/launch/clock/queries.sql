-- name: events
select seq, at, kind, reading, hold, by, person_name(by) as by_name, reason, exit_criteria
  from launch_clock_event
 where launch_id = %(launch_id)s
 order by seq

-- name: next_instant
-- A clock of the server that was set back stops the reading, and never turns it back.
select greatest(clock_timestamp(), max(at)), coalesce(max(seq), 0) + 1
  from launch_clock_event where launch_id = %(launch_id)s

-- name: insert
insert into launch_clock_event (launch_id, seq, at, kind, reading, hold, by, reason, exit_criteria)
values (%(launch_id)s, %(seq)s, %(at)s, %(kind)s, %(reading)s, %(hold)s, %(actor)s, %(reason)s, %(exit_criteria)s)

-- name: touch
update launch set version = version + 1 where id = %(launch_id)s returning version
