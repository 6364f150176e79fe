-- name: try_lock
-- Held to the end of the transaction, so that two workers never open for the same alerts.
select pg_try_advisory_xact_lock(4711018016)

-- name: rules
select id::text as rule_id, title, kind, minutes, alerts, alert_group as "group", least_severity, severity, services,
       runbook_id, runbook_link, enabled, version, updated_at, updated_by
  from incident_rule
 where (%(rule_id)s::uuid is null or id = %(rule_id)s) and (%(after)s::uuid is null or id > %(after)s)
 order by id
 limit %(limit)s

-- name: lock_rule
select id from incident_rule where id = %(rule_id)s for update

-- name: insert_rule
insert into incident_rule (title, kind, minutes, alerts, alert_group, least_severity, severity, services, runbook_id,
                           runbook_link, enabled, updated_by)
values (%(title)s, %(kind)s, %(minutes)s, %(alerts)s, %(group)s, %(least_severity)s, %(severity)s, %(services)s,
        %(runbook_id)s, %(runbook_link)s, %(enabled)s, %(actor)s)
returning id

-- name: update_rule
update incident_rule
   set title = %(title)s, kind = %(kind)s, minutes = %(minutes)s, alerts = %(alerts)s, alert_group = %(group)s,
       least_severity = %(least_severity)s, severity = %(severity)s, services = %(services)s,
       runbook_id = %(runbook_id)s, runbook_link = %(runbook_link)s, enabled = %(enabled)s, version = version + 1,
       updated_at = clock_timestamp(), updated_by = %(actor)s
 where id = %(rule_id)s

-- name: alert
-- The newest version of an alert, locked against being attached twice.
select id::text as id, title, severity, state, coalesce(source, split_part(figure, '.', 1)) as "group", guidance,
       runbook_url, raised_at
  from alert where id = %(alert_id)s and valid_to = 'infinity' for update

-- name: open_of
-- The open incident an alert belongs to.
select incident_id from incident_alert where alert_id = %(alert_id)s and ended_at is null

-- name: open_for_group
-- The newest open incident that alerts of a group belong to.
select id from incident
 where resolved_at is null and %(group)s = any (groups)
 order by number desc
 limit 1

-- name: known_alerts
select id::text from alert where valid_to = 'infinity' and id::text = any (%(ids)s::text[])

-- name: attach
-- What belongs to an open incident already stays there.
insert into incident_alert as t (incident_id, alert_id, attached_by, ended_at)
select %(incident_id)s, a, %(actor)s, case when %(closed)s then clock_timestamp() end
  from unnest(%(alert_ids)s::uuid[]) as a
 where %(closed)s or not exists (select from incident_alert as o where o.alert_id = a and o.ended_at is null)
    on conflict (incident_id, alert_id) do update set ended_at = excluded.ended_at where t.ended_at is not null and not %(closed)s
returning alert_id::text

-- name: extend_groups
update incident as i
   set groups = (select array_agg(distinct g) from unnest(i.groups || %(groups)s::text[]) as g)
 where id = %(incident_id)s and not i.groups @> %(groups)s::text[]

-- name: detach
update incident_alert set ended_at = clock_timestamp()
 where incident_id = %(incident_id)s and alert_id = %(alert_id)s and ended_at is null
returning alert_id::text

-- name: joining
-- Alerts that stand, belong to no open incident, and are of a group that one has. Those that somebody has detached
-- from it stay apart, and so do those that were over before it began.
select i.id, array_agg(a.id order by a.raised_at, a.id)
  from alert as a
  join lateral (select id, number from incident
                 where resolved_at is null and coalesce(a.source, split_part(a.figure, '.', 1)) = any (groups)
                   and a.raised_at >= started_at
                 order by number desc limit 1) as i on true
 where a.valid_to = 'infinity' and a.state <> 'cleared'
   and not exists (select from incident_alert as t
                    where t.alert_id = a.id and (t.ended_at is null or t.incident_id = i.id))
 group by i.id
 order by i.id

-- name: lasting
-- Alerts that a rule of kind lasting opens an incident for, by group: active, still so, and not put aside. One that
-- belonged to an incident that is closed counts from its end on.
select coalesce(a.source, split_part(a.figure, '.', 1)) as "group", array_agg(a.id order by a.raised_at, a.id)
  from alert as a
 where a.valid_to = 'infinity' and a.state = 'active' and a.returned_at is null
   and (a.shelved_until is null or a.shelved_until <= %(now)s::timestamptz) and a.severity <= %(least_severity)s
   and (%(group)s::text is null or coalesce(a.source, split_part(a.figure, '.', 1)) = %(group)s)
   and a.raised_at <= %(now)s::timestamptz - make_interval(mins => %(minutes)s)
   and not exists (select from incident_alert as t
                    where t.alert_id = a.id
                      and (t.ended_at is null or t.ended_at > %(now)s::timestamptz - make_interval(mins => %(minutes)s)))
 group by 1
 order by 1

-- name: burst
-- The same for a rule of kind burst: all that were raised lately, whatever has become of them, as long as one stands.
select coalesce(a.source, split_part(a.figure, '.', 1)) as "group", array_agg(a.id order by a.raised_at, a.id)
  from alert as a
 where a.valid_to = 'infinity' and a.severity <= %(least_severity)s
   and (%(group)s::text is null or coalesce(a.source, split_part(a.figure, '.', 1)) = %(group)s)
   and a.raised_at > %(now)s::timestamptz - make_interval(mins => %(minutes)s)
   and (a.shelved_until is null or a.shelved_until <= %(now)s::timestamptz)
   and not exists (select from incident_alert as t where t.alert_id = a.id)
 group by 1
having count(*) >= %(alerts)s and bool_or(a.state <> 'cleared')
 order by 1

-- name: first_alert
select title, guidance, runbook_url from alert where id = any (%(ids)s::uuid[]) and valid_to = 'infinity'
 order by severity, raised_at, id limit 1

-- name: first_raised
select min(raised_at) from alert where id = any (%(ids)s::uuid[]) and valid_to = 'infinity'

-- name: attached
select a.id::text as id, t.attached_at, t.attached_by, t.ended_at, a.title, a.severity, a.state, a.condition, a.raised_at,
       a.figure, a.cleared_at, coalesce(a.source, split_part(a.figure, '.', 1)) as "group"
  from incident_alert as t
  join alert as a on a.id = t.alert_id and a.valid_to = 'infinity'
 where t.incident_id = %(incident_id)s
   and (%(attached_at)s::timestamptz is null or (t.attached_at, t.alert_id) < (%(attached_at)s, %(alert_id)s::uuid))
 order by t.attached_at desc, t.alert_id desc
 limit %(limit)s
