-- name: snoozes
select id::text as snooze_id, rule_id, subject, value, until, reason, created_by,
       person_name(created_by) as created_by_name, created_at,
       ended_at, version
  from risk_snooze
 where (not %(active)s::boolean or (ended_at is null and until > now()))
   and (%(before)s::uuid is null or id < %(before)s::uuid)
 order by id desc
 limit %(limit)s

-- name: lock_subject
-- One after the other for each rule, subject and value, also while nothing is there to lock yet.
select pg_advisory_xact_lock(%(key)s)

-- name: rule_exists
select exists (select from risk_rule_set as s, jsonb_array_elements(s.rules) as r(rule)
                where s.state = 'published' and r.rule ->> 'ruleId' = %(rule_id)s)

-- name: value_of_entry
select case %(subject)s when 'customer_id' then o.customer_id when 'card' then o.card when 'email' then o.email end
  from risk_entry as e
  join risk_order as o on o.id = e.order_id
 where e.id = %(entry_id)s::uuid

-- name: lock_snooze
select id::text as snooze_id, rule_id, subject, value, until, reason, created_by,
       person_name(created_by) as created_by_name, created_at,
       ended_at, version
  from risk_snooze
 where id = %(snooze_id)s::uuid
    or (rule_id = %(rule_id)s and subject = %(subject)s and value = %(value)s and ended_at is null)
   for update

-- name: quiet_before
-- How long the rule has been quiet for them within the time that a snooze may last.
select coalesce(sum(least(coalesce(ended_at, until), until) - created_at), interval '0') from risk_snooze
 where rule_id = %(rule_id)s and subject = %(subject)s and value = %(value)s and created_at > clock_timestamp() - %(within)s::interval

-- name: ask_snooze
-- One for each rule and whom it is for: a new wish takes the place of one that nobody decided.
insert into risk_snooze_request as r (rule_id, subject, value, until, reason, asked_by)
values (%(rule_id)s, %(subject)s, %(value)s, %(until)s, %(reason)s, %(actor)s)
on conflict (rule_id, subject, value) do update
   set reason = excluded.reason, until = excluded.until, asked_by = excluded.asked_by, asked_at = clock_timestamp(),
       id = case when (r.reason, r.until, r.asked_by) = (excluded.reason, excluded.until, excluded.asked_by)
                 then r.id else uuidv7() end
returning id::text

-- name: take_snooze_request
delete from risk_snooze_request where id = %(request_id)s::uuid
returning rule_id, subject, value, until, reason, asked_by

-- name: insert_snooze
insert into risk_snooze (rule_id, subject, value, until, reason, created_by)
values (%(rule_id)s, %(subject)s, %(value)s, %(until)s, %(reason)s, %(actor)s)
returning id::text as snooze_id, rule_id, subject, value, until, reason, created_by,
          person_name(created_by) as created_by_name, created_at,
          ended_at, version

-- name: end_snooze
update risk_snooze set ended_at = clock_timestamp(), version = version + 1 where id = %(snooze_id)s::uuid
returning ended_at, version

-- name: forget_requests
-- A while after the last day on which they could be decided.
delete from risk_snooze_request where asked_at < now() - interval '30 days'
