-- name: review
select r.incident_id::text as incident_id, i.reference, i.title as incident_title, i.severity, r.state, r.summary, r.impact,
       r.detection, r.response, r.went_well, r.went_badly, r.factors, r.figures, r.moments, b.review_due_at as due_at,
       r.author, r.editors, r.submitted_at, r.approved_by, r.approved_at, r.published_at, r.version,
       (select jsonb_object_agg(person, person_name(person)) from unnest(r.editors || r.author || r.approved_by) as person
         where person is not null) as names,
       (select count(*) from incident_action as a where a.incident_id = r.incident_id) as items,
       (select count(*) from incident_action as a where a.incident_id = r.incident_id and a.done_at is null) as open_items
  from incident_review as r
  join incident_record as i on i.id = r.incident_id
  join incident as b on b.id = r.incident_id
 where r.incident_id = %(incident_id)s

-- name: page
-- By the number of their incidents, newest first, without what is only worked out for one.
select r.incident_id::text as incident_id, i.number, i.reference, i.title as incident_title, i.severity, r.state,
       b.review_due_at as due_at, r.author, person_name(r.author) as author_name, r.published_at, r.version,
       (select count(*) from incident_action as a where a.incident_id = r.incident_id) as items,
       (select count(*) from incident_action as a where a.incident_id = r.incident_id and a.done_at is null) as open_items
  from incident_review as r
  join incident_record as i on i.id = r.incident_id
  join incident as b on b.id = r.incident_id
 where (%(states)s::text[] is null or r.state = any (%(states)s)) and (%(below)s::bigint is null or i.number < %(below)s)
 order by i.number desc
 limit %(limit)s

-- name: insert_review
insert into incident_review (incident_id, summary, impact, detection, response, author, editors)
values (%(incident_id)s, %(summary)s, %(impact)s, %(detection)s, %(response)s, %(actor)s, array[%(actor)s])
    on conflict do nothing
returning incident_id

-- name: lock_review
select state from incident_review where incident_id = %(incident_id)s for update

-- name: update_review
update incident_review
   set state = %(state)s, summary = %(summary)s, impact = %(impact)s, detection = %(detection)s, response = %(response)s,
       went_well = %(went_well)s, went_badly = %(went_badly)s, factors = %(factors)s, editors = %(editors)s,
       submitted_at = %(submitted_at)s, approved_by = %(approved_by)s, approved_at = %(approved_at)s,
       published_at = %(published_at)s, version = version + 1
 where incident_id = %(incident_id)s

-- name: keep_evidence
update incident_review set figures = %(figures)s, moments = %(moments)s where incident_id = %(incident_id)s

-- name: figures
select extract(epoch from i.detected_at - i.started_at)::float8 as detect_seconds,
       extract(epoch from i.acknowledged_at - i.detected_at)::float8 as acknowledge_seconds,
       extract(epoch from i.mitigated_at - i.detected_at)::float8 as mitigate_seconds,
       extract(epoch from i.resolved_at - i.detected_at)::float8 as resolve_seconds,
       (select count(*) from incident_alert as t where t.incident_id = i.id) as alerts, i.updates,
       (select count(*) from incident_update as u where u.incident_id = i.id and u.posted_at > u.due_at) as updates_late,
       (select count(*) from deploy as d
         where d.deployed_at > i.detected_at - interval '2 hours' and d.deployed_at <= i.detected_at) as deploys
  from incident as i where i.id = %(incident_id)s

-- name: affected
-- Of each figure its worst value, over or under the limit as its rule has it.
select a.figure, min(a.title) as title, min(a."limit") as "limit",
       case when bool_or(a.comparison = 'below') then min(a.worst_value) else max(a.worst_value) end as worst
  from incident_alert as t
  join alert as a on a.id = t.alert_id and a.valid_to = 'infinity'
 where t.incident_id = %(incident_id)s and a.figure is not null
 group by a.figure
 order by a.figure

-- name: actions
select a.id::text as action_id, a.incident_id::text as incident_id, i.reference, a.title, a.owner,
       person_name(a.owner) as owner_name, a.due_on, a.link, a.done_at, a.done_by,
       a.done_at is null and a.due_on < (clock_timestamp() at time zone 'UTC')::date as overdue, a.version
  from incident_action as a
  join incident_record as i on i.id = a.incident_id
 where (%(action_id)s::uuid is null or a.id = %(action_id)s)
   and (%(incident_id)s::uuid is null or a.incident_id = %(incident_id)s)
   and (%(owner)s::text is null or a.owner = %(owner)s)
   and (%(open)s::boolean is null or (a.done_at is null) = %(open)s)
   and (%(due_on)s::date is null or (a.due_on, a.id) > (%(due_on)s, %(after)s::uuid))
 order by a.due_on, a.id
 limit %(limit)s

-- name: lock_action
select incident_id from incident_action where id = %(action_id)s for update

-- name: insert_action
insert into incident_action (incident_id, title, owner, due_on, link, created_by)
values (%(incident_id)s, %(title)s, %(owner)s, %(due_on)s, %(link)s, %(actor)s)
returning id

-- name: update_action
update incident_action
   set title = %(title)s, owner = %(owner)s, due_on = %(due_on)s, link = %(link)s, done_at = %(done_at)s,
       done_by = %(done_by)s, version = version + 1
 where id = %(action_id)s

-- name: overdue_actions
select a.id::text, i.reference, a.title, person_name(a.owner), a.due_on
  from incident_action as a
  join incident_record as i on i.id = a.incident_id
 where a.done_at is null and a.due_on < (clock_timestamp() at time zone 'UTC')::date
 order by a.due_on, a.id

-- name: overdue_reviews
select i.id::text, r.reference, i.title, i.review_due_at
  from incident as i
  join incident_record as r on r.id = i.id
 where i.review_due_at < clock_timestamp() and i.reviewed_at is null and i.merged_into is null
 order by i.review_due_at, i.id

-- name: alerted
-- What an alert is open for.
select key from alert where source = %(source)s and valid_to = 'infinity' and state <> 'cleared' and returned_at is null

-- name: count_waiting
-- Reviews that somebody may approve who has not written them.
select count(*) from incident_review where state = 'submitted' and not %(actor)s = any (editors)
