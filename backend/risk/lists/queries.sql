-- name: lists
-- With the rules that ask each: of the published set and of drafts, in their groups too.
select l.id as list_id, l.title, l.kind, l.metric, l.version,
       (select count(*) from risk_list_entry as e
         where e.list_id = l.id and e.removed_at is null and (e.until is null or e.until > now())) as entries,
       (select coalesce(array_agg(distinct r.rule ->> 'ruleId'), '{}')
          from risk_rule_set as s
         cross join lateral jsonb_array_elements(s.rules) as r(rule)
         cross join lateral jsonb_path_query(r.rule,
             'strict $.conditions.** ? (@.type() == "object" && (@.operator == "in_list" || @.operator == "not_in_list"))'
             ) as c(condition)
         where s.state in ('published', 'draft') and c.condition ->> 'value' = l.id) as rules
  from risk_list as l
 where l.deleted_at is null and (%(list_id)s::text is null or l.id = %(list_id)s::text)
   and (%(after)s::text is null or l.id > %(after)s::text)
 order by l.id
 limit %(limit)s

-- name: lock_list
select metric, title, kind, version from risk_list where id = %(list_id)s and deleted_at is null for no key update

-- name: insert_list
insert into risk_list (id, title, kind, metric) values (%(list_id)s, %(title)s, %(kind)s, %(metric)s)
on conflict (id) do nothing
returning id

-- name: delete_list
update risk_list set deleted_at = clock_timestamp(), version = version + 1 where id = %(list_id)s

-- name: entries
select id::text as entry_id, list_id, value, reason, added_by,
       person_name(added_by) as added_by_name, added_at, until
  from risk_list_entry
 where list_id = %(list_id)s and removed_at is null and (until is null or until > now())
   and (%(value)s::text is null or value = %(value)s::text)
   and (%(before)s::uuid is null or id < %(before)s::uuid)
 order by id desc
 limit %(limit)s

-- name: lock_entry
select id::text as entry_id, list_id, value, reason, added_by,
       person_name(added_by) as added_by_name, added_at, until,
       until <= clock_timestamp() as over
  from risk_list_entry
 where list_id = %(list_id)s and removed_at is null
   and (value = %(value)s::text or id = %(entry_id)s::uuid)
   for update

-- name: insert_entry
insert into risk_list_entry (list_id, value, reason, added_by, until)
values (%(list_id)s, %(value)s, %(reason)s, %(actor)s, %(until)s)
returning id::text as entry_id, list_id, value, reason, added_by,
          person_name(added_by) as added_by_name, added_at, until

-- name: ask_entry
-- One for each value: a new wish takes the place of one that nobody decided.
insert into risk_list_request as r (list_id, value, reason, until, asked_by)
values (%(list_id)s, %(value)s, %(reason)s, %(until)s, %(actor)s)
on conflict (list_id, value) do update
   set reason = excluded.reason, until = excluded.until, asked_by = excluded.asked_by, asked_at = clock_timestamp(),
       id = case when (r.reason, r.until, r.asked_by) is not distinct from (excluded.reason, excluded.until, excluded.asked_by)
                 then r.id else uuidv7() end
returning id::text

-- name: take_request
delete from risk_list_request where id = %(request_id)s::uuid
returning list_id, value, reason, until, asked_by

-- name: forget_requests
-- A while after the last day on which they could be decided.
delete from risk_list_request where asked_at < now() - interval '30 days'

-- name: may
-- Whether somebody holds a permission just now.
select exists (select from role_assignment as s join role_definition as d on d.id = s.role_id
                where s.user_id = %(user_id)s and %(permission)s = any (d.permissions) and s.revoked_at is null
                  and (s.expires_at is null or s.expires_at > clock_timestamp()))
   and not exists (select from account where id = %(user_id)s and disabled_at is not null)

-- name: remove_entry
update risk_list_entry set removed_at = clock_timestamp(), removed_by = %(actor)s where id = %(entry_id)s::uuid

-- name: snoozes
select id::text as snooze_id, rule_id, subject, value, until, reason, created_by,
       person_name(created_by) as created_by_name, created_at,
       ended_at, version
  from risk_snooze
 where (not %(active)s::boolean or (ended_at is null and until > now()))
   and (%(before)s::uuid is null or id < %(before)s::uuid)
 order by id desc
 limit %(limit)s

-- name: rule_exists
select exists (select from risk_rule_set as s, jsonb_array_elements(s.rules) as r(rule)
                where s.state = 'published' and r.rule ->> 'ruleId' = %(rule_id)s)

-- name: lock_subject
-- One after the other for each rule, subject and value, also while nothing is there to lock yet.
select pg_advisory_xact_lock(%(key)s)

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

-- name: insert_snooze
insert into risk_snooze (rule_id, subject, value, until, reason, created_by)
values (%(rule_id)s, %(subject)s, %(value)s, %(until)s, %(reason)s, %(actor)s)
returning id::text as snooze_id, rule_id, subject, value, until, reason, created_by,
          person_name(created_by) as created_by_name, created_at,
          ended_at, version

-- name: end_snooze
update risk_snooze set ended_at = clock_timestamp(), version = version + 1 where id = %(snooze_id)s::uuid
returning ended_at, version

-- name: breakers
select rule_id, since, words, reset_at, version from risk_breaker where reset_at is null order by since, rule_id

-- name: lock_breaker
select id::text, rule_id, since, words, reset_at, version from risk_breaker
 where rule_id = %(rule_id)s and reset_at is null
   for update

-- name: reset_breaker
update risk_breaker set reset_at = clock_timestamp(), reset_by = %(actor)s, version = version + 1
 where id = %(id)s::uuid
returning rule_id, since, words, reset_at, version

-- name: policy
select two_person_minor, review_hours, block_hours, version from risk_policy

-- name: lock_policy
select two_person_minor, review_hours, block_hours, version from risk_policy for update

-- name: change_policy
update risk_policy set two_person_minor = %(two_person_minor)s, review_hours = %(review_hours)s,
       block_hours = %(block_hours)s, version = version + 1
returning two_person_minor, review_hours, block_hours, version
