-- name: insert_update
insert into incident_update (incident_id, number, phase, text, severity, status, channels, posted_at, posted_by, due_at,
                             next_update_due_at)
values (%(incident_id)s, %(number)s, %(phase)s, %(text)s, %(severity)s, %(status)s, %(channels)s, %(at)s, %(actor)s,
        %(due_at)s, %(next_update_due_at)s)
returning id::text as update_id, number, phase, text, severity, status, channels, posted_at, posted_by,
          person_name(posted_by) as posted_by_name, due_at, next_update_due_at

-- name: page
select id::text as update_id, number, phase, text, severity, status, channels, posted_at, posted_by,
       person_name(posted_by) as posted_by_name, due_at, next_update_due_at
  from incident_update
 where incident_id = %(incident_id)s and (%(below)s::bigint is null or number < %(below)s)
 order by number desc
 limit %(limit)s

-- name: overdue
-- Open incidents whose update is overdue, and of which nobody has been told for as long as the severity gives.
select id from incident where remind_at <= clock_timestamp() and resolved_at is null order by remind_at, id

-- name: reminded
update incident set remind_at = %(remind_at)s where id = %(incident_id)s
