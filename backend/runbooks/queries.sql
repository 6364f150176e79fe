-- name: page
-- Without texts: the newest answer of a list is asked for again and again.
select r.id::text as id, r.slug, r.title, r.owner, coalesce(d.name, person_name(r.owner)) as owner_name,
       r.review_by, r.alerts, r.services, r.retired, r.version, r.updated_at, r.updated_by,
       person_name(r.updated_by) as updated_by_name
  from runbook as r left join role_definition as d on d.id = r.owner
 where (%(title)s::text is null or (r.title, r.id) > (%(title)s, %(last_id)s::uuid))
   and (%(retired)s::boolean is null or r.retired = %(retired)s)
   and (%(alert)s::text is null or %(alert)s = any (r.alerts))
   and (%(service)s::text is null or %(service)s = any (r.services))
   and (select coalesce(bool_and(lower(concat_ws(' ', r.title, r.slug, r.text)) like w), true)
          from unnest(%(like)s::text[]) as w)
 order by r.title, r.id
 limit %(limit)s

-- name: one
select r.id::text as id, r.slug, r.title, r.owner, coalesce(d.name, person_name(r.owner)) as owner_name,
       r.review_by, r.alerts, r.services, r.retired, r.version, r.updated_at, r.updated_by,
       person_name(r.updated_by) as updated_by_name, r.text, r.steps, r.reason
  from runbook as r left join role_definition as d on d.id = r.owner
 where r.id = %(runbook_id)s

-- name: everything
-- With texts, for who publishes or exports them all.
select r.id::text as id, r.slug, r.title, r.owner, coalesce(d.name, person_name(r.owner)) as owner_name,
       r.review_by, r.alerts, r.services, r.retired, r.version, r.updated_at, r.updated_by,
       person_name(r.updated_by) as updated_by_name, r.text, r.steps, r.reason
  from runbook as r left join role_definition as d on d.id = r.owner
 where not r.retired
 order by r.title, r.id

-- name: at_version
select r.id::text as id, r.slug, v.title, v.owner, coalesce(d.name, person_name(v.owner)) as owner_name,
       v.review_by, v.alerts, v.services, v.retired, v.version, v.updated_at, v.updated_by,
       person_name(v.updated_by) as updated_by_name, v.text, v.steps, v.reason
  from runbook_version as v join runbook as r on r.id = v.runbook_id left join role_definition as d on d.id = v.owner
 where v.runbook_id = %(runbook_id)s and v.version = %(version)s

-- name: versions
select version, title, updated_at, updated_by, person_name(updated_by) as updated_by_name, reason
  from runbook_version
 where runbook_id = %(runbook_id)s and (%(before)s::bigint is null or version < %(before)s)
 order by version desc
 limit %(limit)s

-- name: lock
select id from runbook where id = %(runbook_id)s for update

-- name: known_owner
select exists (select from role_definition where id = %(owner)s and not service)
    or exists (select from account where id = %(owner)s)
    or exists (select from principal_seen where user_id = %(owner)s)

-- name: insert
insert into runbook (slug, title, owner, review_by, alerts, services, text, steps, reason, updated_by, updated_at)
values (%(slug)s, %(title)s, %(owner)s, %(review_by)s, %(alerts)s, %(services)s, %(text)s, %(steps)s, %(reason)s,
        %(actor)s, coalesce(%(at)s::timestamptz, now()))
    on conflict (slug) do nothing
returning id

-- name: update
-- Who moves the review or takes it over is reminded anew.
update runbook
   set title = %(title)s, owner = %(owner)s, review_by = %(review_by)s, alerts = %(alerts)s, services = %(services)s,
       text = %(text)s, steps = %(steps)s, retired = %(retired)s, reason = %(reason)s, version = version + 1,
       updated_at = coalesce(%(at)s::timestamptz, clock_timestamp()), updated_by = %(actor)s,
       reminded_at = case when (owner, review_by) = (%(owner)s, %(review_by)s::date) then reminded_at end
 where id = %(runbook_id)s

-- name: keep_version
insert into runbook_version (runbook_id, version, title, owner, review_by, alerts, services, text, steps, retired, reason,
                             updated_at, updated_by)
select id, version, title, owner, review_by, alerts, services, text, steps, retired, reason, updated_at, updated_by
  from runbook where id = %(runbook_id)s

-- name: note_shipped
insert into runbook_shipped (slug) values (%(slug)s) on conflict do nothing returning slug

-- name: ids
select slug, id from runbook

-- name: one_of_slug
select id from runbook where slug = %(slug)s

-- name: runs
select u.id::text as id, u.runbook_id::text as runbook_id, u.runbook_version, v.title, v.steps, u.incident_id,
       coalesce((select reference from incident_record as i where i.incident_id = u.incident_id), u.incident_id) as incident,
       u.started_at,
       u.started_by, person_name(u.started_by) as started_by_name, u.ended_at, u.ended_by, u.version,
       coalesce((select jsonb_agg(jsonb_build_object('step', m.step, 'doneAt', m.done_at, 'doneBy', m.done_by,
                                                     'doneByName', person_name(m.done_by),
                                                     'note', m.note) order by m.step)
                   from runbook_mark as m where m.run_id = u.id), '[]') as marks
  from runbook_run as u join runbook_version as v on v.runbook_id = u.runbook_id and v.version = u.runbook_version
 where u.runbook_id = %(runbook_id)s
   and (%(incident_id)s::text is null or u.incident_id = %(incident_id)s)
   and (%(started_at)s::timestamptz is null or (u.started_at, u.id) < (%(started_at)s, %(last_id)s::uuid))
 order by u.started_at desc, u.id desc
 limit %(limit)s

-- name: run
select u.id::text as id, u.runbook_id::text as runbook_id, u.runbook_version, v.title, v.steps, u.incident_id,
       coalesce((select reference from incident_record as i where i.incident_id = u.incident_id), u.incident_id) as incident,
       u.started_at,
       u.started_by, person_name(u.started_by) as started_by_name, u.ended_at, u.ended_by, u.version,
       coalesce((select jsonb_agg(jsonb_build_object('step', m.step, 'doneAt', m.done_at, 'doneBy', m.done_by,
                                                     'doneByName', person_name(m.done_by),
                                                     'note', m.note) order by m.step)
                   from runbook_mark as m where m.run_id = u.id), '[]') as marks
  from runbook_run as u join runbook_version as v on v.runbook_id = u.runbook_id and v.version = u.runbook_version
 where u.id = %(run_id)s and u.runbook_id = %(runbook_id)s

-- name: incident
-- People call it by its reference; an incident of another system is kept by what it is called.
select coalesce((select incident_id from incident_record where incident_id = %(called)s or reference = upper(%(called)s)),
                %(called)s)

-- name: lock_run
select id from runbook_run where id = %(run_id)s and runbook_id = %(runbook_id)s for update

-- name: begin_run
-- One run of a runbook in an incident is open at most: whoever comes second joins it.
insert into runbook_run (runbook_id, runbook_version, incident_id, started_by)
select id, version, %(incident_id)s, %(actor)s from runbook where id = %(runbook_id)s
    on conflict (runbook_id, coalesce(incident_id, '')) where ended_at is null do nothing
returning id

-- name: open_run
select id from runbook_run
 where runbook_id = %(runbook_id)s and coalesce(incident_id, '') = coalesce(%(incident_id)s, '') and ended_at is null

-- name: mark
insert into runbook_mark (run_id, step, done_by, note) values (%(run_id)s, %(step)s, %(actor)s, %(note)s)
    on conflict do nothing
returning step

-- name: unmark
delete from runbook_mark where run_id = %(run_id)s and step = %(step)s returning step

-- name: touch_run
update runbook_run set version = version + 1 where id = %(run_id)s

-- name: end_run
update runbook_run set ended_at = clock_timestamp(), ended_by = %(actor)s, version = version + 1 where id = %(run_id)s

-- name: overdue
select r.id::text as id, r.title, r.owner, coalesce(d.name, person_name(r.owner)) as owner_name, r.review_by,
       r.reminded_at is null or r.reminded_at < clock_timestamp() - interval '7 days' as remind
  from runbook as r left join role_definition as d on d.id = r.owner
 where not r.retired and r.review_by < (clock_timestamp() at time zone 'UTC')::date
 order by r.review_by, r.id

-- name: oldest
select title, updated_at from runbook where not retired order by updated_at limit 1

-- name: keepers
-- Whom the owner of a runbook stands for: the holders of the role, else the person.
select a.user_id from role_assignment as a
 where a.role_id = %(owner)s and a.revoked_at is null and (a.expires_at is null or a.expires_at > clock_timestamp())
 union
select %(owner)s where not exists (select from role_definition where id = %(owner)s)

-- name: note_reminded
update runbook set reminded_at = clock_timestamp() where id = %(runbook_id)s

-- name: note_published
insert into runbook_publication (target, published_at) values (%(target)s, clock_timestamp())
    on conflict (target) do update set published_at = excluded.published_at

-- name: measure
select (select count(*) from runbook where not retired),
       (select count(*) from runbook where not retired and review_by < (clock_timestamp() at time zone 'UTC')::date),
       (select count(*) from runbook_run where ended_at is null),
       (select extract(epoch from clock_timestamp() - max(published_at)) from runbook_publication)
