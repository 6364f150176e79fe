-- name: lock
select id::text as intent_id, entry_id::text as entry_id, order_id, kind, state, attempts, created_at, done_at, problem,
       minor, currency
  from risk_intent
 where id = %(intent_id)s
   for update

-- name: change
update risk_intent
   set state = %(state)s, attempts = %(attempts)s, done_at = %(done_at)s, problem = %(problem)s
 where id = %(intent_id)s

-- name: begin_attempt
update risk_intent set attempts = attempts + 1 where id = %(intent_id)s

-- name: find
select id::text as intent_id, entry_id::text as entry_id, order_id, kind, state, attempts, created_at, done_at, problem
  from risk_intent
 where id = %(intent_id)s

-- name: failed
select count(*) from (select from risk_intent where state = 'failed' limit 1000) as f

-- name: page
select id::text as intent_id, entry_id::text as entry_id, order_id, kind, state, attempts, created_at, done_at, problem
  from risk_intent
 where state = %(state)s and state in ('waiting', 'failed')
   and (%(after)s::uuid is null or (created_at, id) > (%(created_at)s, %(after)s))
 order by created_at, id
 limit %(limit)s

-- name: idle
-- Put off because there was nobody to ask; or left behind by a job that died without a word.
select i.id::text
  from risk_intent as i
 where i.state = 'waiting'
   and (i.problem = %(off)s
        or (i.created_at < clock_timestamp() - interval '1 hour'
            and not exists (select from procrastinate_jobs as j
                             where j.status in ('todo', 'doing') and j.task_name = %(task)s
                               and j.args ->> 'intent_id' = i.id::text)))
 order by i.created_at, i.id
 limit %(limit)s
   for update of i skip locked

-- name: forget_problem
update risk_intent set problem = null where id = any(%(ids)s::uuid[])

-- name: figures
select count(*) filter (where status = 'open'), count(*) filter (where status = 'escalated'),
       count(*) filter (where due_at <= clock_timestamp()),
       (select count(*) from (select from risk_intent where state = 'failed' limit 1000) as f)
  from risk_entry
 where status <> 'reviewed'

-- name: escalation
select e.id::text as entry_id, e.order_id, e.score, e.triggered, e.minor, e.currency, e.status, e.escalated_to, e.version,
       person_name(e.decided_by) as by_name
  from risk_entry as e
 where e.id = %(entry_id)s
