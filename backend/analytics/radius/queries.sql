-- name: insert
insert into event_radius (event_name, schema_version, revision, days, asked_by)
values (%(event_name)s, %(schema_version)s, %(revision)s, %(days)s, %(actor)s)
returning id

-- name: waiting
select count(*) from event_radius where state in ('waiting', 'running')

-- name: radius
select id::text as id, event_name, schema_version, revision, days, state, progress, problem, result, asked_by, asked_at,
       ended_at, version
  from event_radius where id = %(radius_id)s

-- name: page
select id::text as id, event_name, schema_version, revision, days, state, progress, problem, result, asked_by, asked_at,
       ended_at, version
  from event_radius
 where (%(event_name)s::text is null or event_name = %(event_name)s)
   and (%(asked_at)s::timestamptz is null or (asked_at, id) < (%(asked_at)s, %(last_id)s::uuid))
 order by asked_at desc, id desc
 limit %(limit)s

-- name: newest_done
select result -> 'events', result -> 'failing', days
  from event_radius
 where event_name = %(event_name)s and schema_version = %(schema_version)s and revision = %(revision)s
   and state = 'done'
 order by asked_at desc limit 1

-- name: claim
update event_radius
   set state = 'running', beat_at = clock_timestamp(), progress = 0, attempts = attempts + 1, version = version + 1
 where id = %(radius_id)s and state in ('waiting', 'running')
returning event_name, schema_version, revision, days, asked_at, attempts, version

-- name: beat
update event_radius set beat_at = clock_timestamp(), progress = %(progress)s
 where id = %(radius_id)s and version = %(version)s and state = 'running'

-- name: finish
update event_radius
   set state = 'done', progress = 1, result = %(result)s, ended_at = clock_timestamp(), version = version + 1
 where id = %(radius_id)s and version = %(version)s and state = 'running'

-- name: fail
update event_radius
   set state = 'failed', problem = %(problem)s, ended_at = clock_timestamp(), version = version + 1
 where id = %(radius_id)s and version = %(version)s and state = 'running'

-- name: fail_lost
update event_radius
   set state = 'failed', problem = %(problem)s, ended_at = clock_timestamp(), version = version + 1
 where state in ('waiting', 'running') and beat_at < clock_timestamp() - make_interval(secs => %(seconds)s)

-- name: days
select day from event_partition_day where day > %(since)s::date - 1 order by day

-- name: events_of_day
select received_at, producer, app_version, destinations, body from event
 where received_day = %(day)s and event_name = %(event_name)s
   and received_at > %(since)s and received_at <= %(until)s
