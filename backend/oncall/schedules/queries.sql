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

-- name: list_schedules
select s.id::text as id, s.name, s.team, s.zone, s.archived_at, r.revision, r.definition, s.version, s.updated_at,
       s.updated_by,
       (select coalesce(array_agg(distinct w.effective_at order by w.effective_at), '{}') from schedule_revision as w
         where w.schedule_id = s.id and w.effective_at > clock_timestamp()) as waiting
  from schedule as s
 cross join lateral (
       select revision, definition from schedule_revision
        where schedule_id = s.id and effective_at <= clock_timestamp()
        order by effective_at desc, recorded_at desc, revision desc limit 1) as r
 where (%(schedule_id)s::uuid is null or s.id = %(schedule_id)s)
   and (%(schedule_id)s::uuid is not null or (s.archived_at is not null) = %(archived)s)
   and (%(after_name)s::text is null or (lower(s.name), s.id) > (%(after_name)s, %(after_id)s::uuid))
 order by lower(s.name), s.id
 limit %(limit)s

-- name: list_revisions
select revision, recorded_at, effective_at, recorded_by, reason, definition
  from schedule_revision
 where schedule_id = %(schedule_id)s and (%(before)s::bigint is null or revision < %(before)s)
 order by revision desc
 limit %(limit)s

-- name: list_overrides
-- The newest first; of a stretch, those that fall on it.
select id::text as id, schedule_id::text as schedule_id, starts_at as start, ends_at as "end", people, instead_of, person,
       recorded_at, recorded_by, cancelled_at, cancelled_by, swap_id::text as swap_id, reason
  from schedule_override
 where (%(schedule_id)s::uuid is null or schedule_id = %(schedule_id)s)
   and (%(override_id)s::uuid is null or id = %(override_id)s)
   and ends_at > %(start)s and starts_at < %(end)s
   and (%(before_at)s::timestamptz is null or (recorded_at, id) < (%(before_at)s, %(before_id)s::uuid))
 order by recorded_at desc, id desc
 limit %(limit)s

-- name: lock_schedule
select name, team, zone, archived_at, version from schedule where id = %(schedule_id)s for update

-- name: insert_schedule
insert into schedule (name, team, zone, updated_by) values (%(name)s, %(team)s, %(zone)s, %(actor)s) returning id

-- name: update_schedule
update schedule
   set name = %(name)s, team = %(team)s, zone = %(zone)s,
       archived_at = case when %(archived)s then coalesce(archived_at, clock_timestamp()) end
 where id = %(schedule_id)s

-- name: touch_schedule
update schedule set version = version + 1, updated_at = %(at)s, updated_by = %(actor)s
 where id = %(schedule_id)s
returning version

-- name: insert_revision
insert into schedule_revision (schedule_id, revision, recorded_at, effective_at, recorded_by, reason, definition)
select %(schedule_id)s, coalesce(max(revision), 0) + 1, %(recorded_at)s, %(effective_at)s, %(actor)s, %(reason)s,
       %(definition)s
  from schedule_revision where schedule_id = %(schedule_id)s
returning revision

-- name: insert_override
insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, person, recorded_at, recorded_by,
                               swap_id, reason)
values (%(schedule_id)s, %(start)s, %(end)s, %(people)s, %(instead_of)s, %(person)s, %(at)s, %(actor)s, %(swap_id)s,
        %(reason)s)
returning id

-- name: find_override
select id, schedule_id, ends_at, cancelled_at, swap_id from schedule_override where id = %(override_id)s

-- name: cancel_overrides
-- One, or both of a swap: half of a swap is none.
update schedule_override set cancelled_at = %(at)s, cancelled_by = %(actor)s
 where (id = %(override_id)s or swap_id = %(swap_id)s) and cancelled_at is null and ends_at > %(at)s
returning id

-- name: taken_name
select exists (select from schedule where lower(name) = lower(%(name)s) and archived_at is null
                and id is distinct from %(schedule_id)s::uuid)
