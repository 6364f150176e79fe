-- name: load_schedules
select id, name, team, zone, version, updated_at from schedule
 where case when %(ids)s::uuid[] is null then archived_at is null else id = any (%(ids)s) end
 order by team, lower(name), id

-- name: load_revisions
select schedule_id, revision, recorded_at, effective_at, definition
  from schedule_revision where schedule_id = any (%(ids)s::uuid[])
 order by schedule_id, revision

-- name: load_overrides
select id, schedule_id, starts_at, ends_at, people, instead_of, person, recorded_at, cancelled_at
  from schedule_override
 where schedule_id = any (%(ids)s::uuid[]) and ends_at > %(start)s and starts_at < %(end)s

-- name: lock_for_paging
-- Whoever changes a schedule holds it until the commit: what a page resolves is what was committed, or it waits.
select id from schedule where id = any (%(ids)s::uuid[]) order by id for share
