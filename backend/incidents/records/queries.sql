-- name: incident
select * from incident_record where id = %(incident_id)s

-- name: lock_incident
select id from incident where id = %(incident_id)s for update

-- name: lock_incidents
-- In an order that cannot deadlock.
select id from incident where id = any (%(ids)s::uuid[]) order by id for update

-- name: insert_incident
insert into incident (title, severity, description, started_at, detected_at, services, runbook_id, runbook_link, origin,
                      groups, next_update_due_at, remind_at, review_required, created_at, updated_at, created_by)
values (%(title)s, %(severity)s, %(description)s, %(started_at)s, %(at)s, %(services)s, %(runbook_id)s, %(runbook_link)s,
        %(origin)s, %(groups)s, %(next_update_due_at)s, %(next_update_due_at)s, %(review_required)s, %(at)s, %(at)s,
        %(actor)s)
returning id

-- name: update_incident
update incident
   set title = %(title)s, severity = %(severity)s, status = %(status)s, description = %(description)s,
       started_at = %(started_at)s, detected_at = %(detected_at)s, acknowledged_at = %(acknowledged_at)s,
       acknowledged_by = %(acknowledged_by)s, mitigated_at = %(mitigated_at)s, resolved_at = %(resolved_at)s,
       reviewed_at = %(reviewed_at)s, services = %(services)s, links = %(links)s,
       customers_affected = %(customers_affected)s, runbook_id = %(runbook_id)s, runbook_link = %(runbook_link)s,
       merged_into = %(merged_into)s, updates = %(updates)s, next_update_due_at = %(next_update_due_at)s,
       remind_at = case when next_update_due_at is distinct from %(next_update_due_at)s
                        then %(next_update_due_at)s else remind_at end,
       review_required = %(review_required)s,
       review_due_at = case when %(review_required)s and %(resolved_at)s::timestamptz is not null
                            then %(resolved_at)s::timestamptz + make_interval(days => %(review_days)s) end,
       updated_at = %(at)s, version = version + 1
 where id = %(incident_id)s

-- name: touch
update incident set updated_at = clock_timestamp(), version = version + 1 where id = %(incident_id)s

-- name: page
-- Newest first, that is, by number.
select * from incident_record as i
 where (%(below)s::bigint is null or i.number < %(below)s)
   and (%(statuses)s::text[] is null or i.status = any (%(statuses)s))
   and (%(severities)s::text[] is null or i.severity = any (%(severities)s))
   and (%(open)s::boolean is null or (i.resolved_at is null) = %(open)s)
   and (%(since)s::timestamptz is null or i.detected_at >= %(since)s)
   and (%(until)s::timestamptz is null or i.detected_at < %(until)s)
   and (%(alert_id)s::uuid is null
        or exists (select from incident_alert as t
                    where t.alert_id = %(alert_id)s and t.incident_id = i.id))
   and not exists (select from unnest(%(words)s::text[]) as w
                    where lower(concat_ws(' ', i.reference, i.title, i.description, array_to_string(i.services, ' ')))
                          not like '%%' || w || '%%')
 order by i.number desc
 limit %(limit)s

-- name: person
select person_name(u.id),
       exists (select from account where id = u.id and disabled_at is null)
       or exists (select from principal_seen where user_id = u.id and not exists (select from account where id = u.id))
  from (select %(user_id)s::text) as u (id)

-- name: put_role
insert into incident_role as r (incident_id, role, user_id) values (%(incident_id)s, %(role)s, %(user_id)s)
    on conflict (incident_id, role) do update set user_id = excluded.user_id, since = clock_timestamp()

-- name: drop_role
delete from incident_role where incident_id = %(incident_id)s and role = %(role)s

-- name: put_participant
insert into incident_participant (incident_id, user_id, reason) values (%(incident_id)s, %(user_id)s, %(reason)s)
    on conflict (incident_id, user_id) do update set reason = excluded.reason

-- name: drop_participant
delete from incident_participant where incident_id = %(incident_id)s and user_id = %(user_id)s

-- name: end_alerts
-- What they tell of may go on: a rule may open another incident for them.
update incident_alert set ended_at = %(at)s where incident_id = %(incident_id)s and ended_at is null

-- name: resume_alerts
-- Those that still stand and belong to no other incident meanwhile.
update incident_alert as t set ended_at = null
 where t.incident_id = %(incident_id)s and t.ended_at is not null
   and exists (select from alert as a where a.id = t.alert_id and a.valid_to = 'infinity' and a.state <> 'cleared')
   and not exists (select from incident_alert as o where o.alert_id = t.alert_id and o.ended_at is null)

-- name: merge_alerts
insert into incident_alert (incident_id, alert_id, attached_by, ended_at)
select %(into)s, alert_id, %(actor)s,
       case when exists (select from incident_alert as o where o.alert_id = t.alert_id and o.ended_at is null)
                 or %(closed)s then %(at)s::timestamptz end
  from incident_alert as t where t.incident_id = %(incident_id)s
    on conflict (incident_id, alert_id) do nothing

-- name: merge_participants
insert into incident_participant (incident_id, user_id, reason, joined_at)
select %(into)s, user_id, reason, joined_at from incident_participant where incident_id = %(incident_id)s
    on conflict do nothing

-- name: merge_groups
update incident as b
   set groups = (select coalesce(array_agg(distinct g), '{}') from unnest(b.groups || a.groups) as g),
       services = (select coalesce(array_agg(distinct s), '{}') from unnest(b.services || a.services) as s),
       started_at = least(b.started_at, a.started_at)
  from incident as a
 where b.id = %(into)s and a.id = %(incident_id)s

-- name: follow_merge
-- What was merged into it before goes along.
update incident set merged_into = %(into)s where merged_into = %(incident_id)s

-- name: count_open
select count(*) from incident where resolved_at is null

-- name: open_by_severity
select reference || ' ' || title, severity from incident_record
 where resolved_at is null and merged_into is null
 order by severity, number

-- name: months
-- Months of UTC, by the instant of detection. What was merged into another incident is that one's.
select to_char(detected_at, 'YYYY-MM') as month, severity, count(*) as incidents,
       avg(extract(epoch from detected_at - started_at))::float8 as detect_seconds,
       avg(extract(epoch from acknowledged_at - detected_at))::float8 as acknowledge_seconds,
       avg(extract(epoch from resolved_at - detected_at))::float8 as resolve_seconds
  from incident
 where merged_into is null and detected_at >= date_trunc('month', %(now)s::timestamptz) - make_interval(months => %(months)s - 1)
 group by month, severity
 order by month, severity

-- name: gauges
select severity, count(*) filter (where resolved_at is null) as open,
       count(*) filter (where resolved_at is null and next_update_due_at < clock_timestamp()) as overdue,
       avg(extract(epoch from detected_at - started_at)) filter (where detected_at > clock_timestamp() - interval '30 days')::float8,
       avg(extract(epoch from acknowledged_at - detected_at)) filter (where detected_at > clock_timestamp() - interval '30 days')::float8,
       avg(extract(epoch from resolved_at - detected_at)) filter (where detected_at > clock_timestamp() - interval '30 days')::float8
  from incident where merged_into is null group by severity
