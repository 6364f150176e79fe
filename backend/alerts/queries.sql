-- name: try_evaluation_lock
-- Held to the end of the transaction, so that two workers never evaluate at once.
select pg_try_advisory_xact_lock(4711018003)

-- name: rules
select id::text as id, figure, title, comparison, value, hysteresis, for_seconds, range_days, severity, guidance,
       runbook_url, no_data_seconds, enabled, version, updated_at, updated_by
  from alert_rule
 where (%(rule_id)s::uuid is null or id = %(rule_id)s)
 order by id

-- name: rules_page
select id::text as id, figure, title, comparison, value, hysteresis, for_seconds, range_days, severity, guidance,
       runbook_url, no_data_seconds, enabled, version, updated_at, updated_by
  from alert_rule
 where %(after)s::uuid is null or id > %(after)s
 order by id
 limit %(limit)s

-- name: rules_at
-- Rules as they were: the last version that began by then, as it stands in the audit log.
select distinct on (resource_id) after from audit_log
 where resource_type = 'alert_rule' and (after ->> 'updatedAt')::timestamptz <= %(as_of)s
 order by resource_id, version desc

-- name: lock_rule
select 1 from alert_rule where id = %(rule_id)s for update

-- name: insert_rule
insert into alert_rule (figure, title, comparison, value, hysteresis, for_seconds, range_days, severity, guidance,
                        runbook_url, no_data_seconds, enabled, updated_at, updated_by)
values (%(figure)s, %(title)s, %(comparison)s, %(value)s, %(hysteresis)s, %(for_seconds)s, %(range_days)s,
        %(severity)s, %(guidance)s, %(runbook_url)s, %(no_data_seconds)s, %(enabled)s, coalesce(%(at)s, now()), %(actor)s)
returning id::text

-- name: update_rule
update alert_rule
   set title = %(title)s, comparison = %(comparison)s, value = %(value)s, hysteresis = %(hysteresis)s,
       for_seconds = %(for_seconds)s, range_days = %(range_days)s, severity = %(severity)s, guidance = %(guidance)s,
       runbook_url = %(runbook_url)s, no_data_seconds = %(no_data_seconds)s, enabled = %(enabled)s,
       version = version + 1, updated_at = now(), updated_by = %(actor)s
 where id = %(id)s

-- name: watches
select rule_id::text, since, breaking_since, evaluated_at from alert_watch

-- name: keep_watch
insert into alert_watch (rule_id, since, breaking_since, evaluated_at)
values (%(rule_id)s, %(since)s, %(breaking_since)s, %(evaluated_at)s)
on conflict (rule_id) do update
   set since = excluded.since, breaking_since = excluded.breaking_since, evaluated_at = excluded.evaluated_at

-- name: lock_open
-- Newest versions of the alerts of rules that are not cleared, in an order that cannot deadlock.
select id::text as id, version, rule_id::text as rule_id, cause, figure, title, severity, state, condition, raised_at,
       comparison, "limit", value, worst_value, evaluated_at, returned_at, acknowledged_at, acknowledged_by, comment,
       cleared_at, shelved_until, shelved_by, shelve_reason, guidance, runbook_url, source, key
  from alert
 where valid_to = 'infinity' and state <> 'cleared' and rule_id is not null
 order by id
   for update

-- name: lock_source
-- One at a time for each source and key, also while there is no alert to lock yet.
select pg_advisory_xact_lock(hashtextextended(%(source)s::text || E'\n' || %(key)s::text, 4711018004))

-- name: lock_condition
select id::text as id, version, rule_id::text as rule_id, cause, figure, title, severity, state, condition, raised_at,
       comparison, "limit", value, worst_value, evaluated_at, returned_at, acknowledged_at, acknowledged_by, comment,
       cleared_at, shelved_until, shelved_by, shelve_reason, guidance, runbook_url, source, key
  from alert
 where source = %(source)s and key = %(key)s and valid_to = 'infinity' and state <> 'cleared'
   for update

-- name: lock_shelf_ended
-- Alerts of no rule whose time on the shelf is over. One that is being changed just now waits for the next turn.
select id::text as id, version, rule_id::text as rule_id, cause, figure, title, severity, state, condition, raised_at,
       comparison, "limit", value, worst_value, evaluated_at, returned_at, acknowledged_at, acknowledged_by, comment,
       cleared_at, shelved_until, shelved_by, shelve_reason, guidance, runbook_url, source, key
  from alert
 where source is not null and valid_to = 'infinity' and state <> 'cleared' and shelved_until <= %(at)s
 order by id
   for update skip locked

-- name: lock_alert
select id::text as id, version, rule_id::text as rule_id, cause, figure, title, severity, state, condition, raised_at,
       comparison, "limit", value, worst_value, evaluated_at, returned_at, acknowledged_at, acknowledged_by, comment,
       cleared_at, shelved_until, shelved_by, shelve_reason, guidance, runbook_url, source, key
  from alert
 where id = %(alert_id)s and valid_to = 'infinity'
   for update

-- name: name
select person_name(%(person)s)

-- name: new_ids
select uuidv7()::text from generate_series(1, %(count)s::int)

-- name: measure
update alert
   set condition = %(condition)s, value = %(value)s, worst_value = %(worst_value)s, evaluated_at = %(evaluated_at)s
 where id = %(id)s and version = %(version)s

-- name: end_version
update alert set valid_to = %(at)s where id = %(id)s and version = %(version)s and valid_to = 'infinity'

-- name: insert_version
insert into alert (id, version, valid_from, rule_id, cause, figure, title, severity, state, condition, raised_at,
                   comparison, "limit", value, worst_value, evaluated_at, returned_at, acknowledged_at,
                   acknowledged_by, comment, cleared_at, shelved_until, shelved_by, shelve_reason, guidance,
                   runbook_url, source, key)
values (%(id)s, %(version)s, %(at)s, %(rule_id)s, %(cause)s, %(figure)s, %(title)s, %(severity)s, %(state)s,
        %(condition)s, %(raised_at)s, %(comparison)s, %(limit)s, %(value)s, %(worst_value)s, %(evaluated_at)s,
        %(returned_at)s, %(acknowledged_at)s, %(acknowledged_by)s, %(comment)s, %(cleared_at)s, %(shelved_until)s,
        %(shelved_by)s, %(shelve_reason)s, %(guidance)s, %(runbook_url)s, %(source)s, %(key)s)

-- name: alert_at
-- Measurements change a version in place. One that was made after the instant was not known then: the audit log has
-- what was measured when the version began.
select a.id::text as id, a.version, rule_id::text as rule_id, cause, figure, title, severity, state,
       coalesce(first.after ->> 'condition', condition) as condition, raised_at, comparison, "limit",
       case when first.after is null then value else (first.after -> 'value')::float8 end as value,
       case when first.after is null then worst_value else (first.after -> 'worstValue')::float8 end as worst_value,
       coalesce((first.after ->> 'evaluatedAt')::timestamptz, evaluated_at) as evaluated_at, returned_at,
       acknowledged_at, acknowledged_by, person_name(acknowledged_by) as acknowledged_by_name, comment, cleared_at,
       shelved_until, shelved_by, person_name(shelved_by) as shelved_by_name, shelve_reason, guidance, runbook_url,
       source, key
  from alert as a
  left join lateral (
       select after from audit_log
        where resource_type = 'alert' and resource_id = a.id::text and audit_log.version = a.version
          and a.evaluated_at > %(as_of)s
        order by seq limit 1) as first on true
 where a.id = %(alert_id)s and valid_from <= %(as_of)s and valid_to > %(as_of)s

-- name: alerts_page
-- The states are disjoint: a shelved alert is neither among the active nor among the acknowledged ones. Measurements are
-- those of alert_at.
select a.id::text as id, a.version, rule_id::text as rule_id, cause, figure, title, severity, state,
       coalesce(first.after ->> 'condition', condition) as condition, raised_at, comparison, "limit",
       case when first.after is null then value else (first.after -> 'value')::float8 end as value,
       case when first.after is null then worst_value else (first.after -> 'worstValue')::float8 end as worst_value,
       coalesce((first.after ->> 'evaluatedAt')::timestamptz, evaluated_at) as evaluated_at, returned_at,
       acknowledged_at, acknowledged_by, person_name(acknowledged_by) as acknowledged_by_name, comment, cleared_at,
       shelved_until, shelved_by, person_name(shelved_by) as shelved_by_name, shelve_reason, guidance, runbook_url,
       source, key
  from alert as a
  left join lateral (
       select after from audit_log
        where resource_type = 'alert' and resource_id = a.id::text and audit_log.version = a.version
          and a.evaluated_at > %(as_of)s
        order by seq limit 1) as first on true
 where valid_from <= %(as_of)s and valid_to > %(as_of)s
   and (%(states)s::text[] is null
        or case when shelved_until > %(as_of)s then 'shelved' else state end = any (%(states)s))
   and (%(raised_at)s::timestamptz is null or (raised_at, a.id) < (%(raised_at)s, %(alert_id)s::uuid))
 order by raised_at desc, a.id desc
 limit %(limit)s

-- name: dashboard_alerts
select a.id::text as id, figure, title, severity, state, cause,
       coalesce(first.after ->> 'condition', condition) as condition, raised_at, count(*) over () as total
  from alert as a
  left join lateral (
       select after from audit_log
        where resource_type = 'alert' and resource_id = a.id::text and audit_log.version = a.version
          and a.evaluated_at > %(as_of)s
        order by seq limit 1) as first on true
 where state <> 'cleared' and state = 'active' and valid_to > %(as_of)s and valid_from <= %(as_of)s
   and (shelved_until is null or shelved_until <= %(as_of)s)
 order by severity, raised_at desc, a.id desc
 limit %(limit)s

-- name: open_conditions
-- Of each figure whose limit is broken: the alert that asks most of an operator. A shelved one asks nothing.
select distinct on (a.figure) a.figure,
       case when a.state = 'active' and (a.shelved_until is null or a.shelved_until <= %(as_of)s) then 'active'
            else 'acknowledged' end as urgency
  from alert a join alert_rule r on r.id = a.rule_id
 where a.state <> 'cleared' and a.valid_to > %(as_of)s and a.valid_from <= %(as_of)s
   and a.cause = 'breached' and a.returned_at is null
   and (r.range_days = %(range)s or a.figure not in
        ('orders.total', 'orders.refunded', 'orders.pending', 'downloads.total'))
 order by a.figure, urgency desc, a.severity

-- name: open_breaches
-- Alerts about limits that were open: whether they waited for somebody, and whether the limit was still broken.
select rule_id::text, state = 'active' and (shelved_until is null or shelved_until <= %(as_of)s),
       returned_at is null
  from alert
 where state <> 'cleared' and valid_to > %(as_of)s and valid_from <= %(as_of)s and cause = 'breached'
   and rule_id is not null

-- name: open_by_severity
select title, severity from alert
 where valid_to = 'infinity' and state <> 'cleared'
 order by severity, raised_at

-- name: evaluated_through
select max(w.evaluated_at) from alert_watch as w join alert_rule as r on r.id = w.rule_id where r.enabled
