-- name: states
select name, enabled, changed_at, changed_by, last_run_at, last_rows, version from privacy_retention

-- name: lock
select pg_advisory_xact_lock(4711018036)

-- name: change
insert into privacy_retention (name, enabled, changed_by, version) values (%(name)s, %(enabled)s, %(actor)s, 2)
    on conflict (name) do update
   set enabled = excluded.enabled, changed_at = clock_timestamp(), changed_by = excluded.changed_by,
       version = privacy_retention.version + 1

-- name: due
-- Whoever takes one on has it to themselves for the day.
update privacy_retention set last_run_at = clock_timestamp(), last_rows = 0
 where name = (select name from privacy_retention
                where enabled and name = any (%(names)s::text[])
                  and (last_run_at is null or last_run_at < clock_timestamp() - interval '23 hours')
                order by name limit 1 for update skip locked)
returning name

-- name: note_rows
update privacy_retention set last_rows = last_rows + %(rows)s where name = %(name)s

-- name: count_requests
select count(*) from data_key as k join privacy_request as r on r.id = k.owner_id
 where k.purpose = 'request' and r.completed_at < %(before)s

-- name: forget_requests
with found as (select k.owner_id from data_key as k join privacy_request as r on r.id = k.owner_id
                where k.purpose = 'request' and r.completed_at < %(before)s limit %(limit)s),
gone as (delete from data_key as k using found as f where k.owner_id = f.owner_id returning k.owner_id, k.purpose)
insert into data_key_end (owner_id, purpose) select owner_id, purpose from gone

-- name: count_jobs
select count(*) from procrastinate_jobs as j
 where j.status = 'failed' and not exists (select from procrastinate_events as e where e.job_id = j.id and e.at >= %(before)s)

-- name: forget_jobs
with found as (select j.id from procrastinate_jobs as j
                where j.status = 'failed'
                  and not exists (select from procrastinate_events as e where e.job_id = j.id and e.at >= %(before)s)
                limit %(limit)s)
delete from procrastinate_jobs as j using found as f where j.id = f.id
