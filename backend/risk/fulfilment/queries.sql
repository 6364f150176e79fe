-- name: find
select id::text as intent_id, entry_id::text as entry_id, order_id, kind, state, attempts, created_at, done_at, problem
  from risk_fulfilment
 where id = %(intent_id)s

-- name: failed
select count(*) from (select from risk_fulfilment where state = 'failed' limit 1000) as f

-- name: page
select id::text as intent_id, entry_id::text as entry_id, order_id, kind, state, attempts, created_at, done_at, problem
  from risk_fulfilment
 where state = %(state)s and state in ('waiting', 'failed')
   and (%(after)s::uuid is null or (created_at, id) > (%(created_at)s, %(after)s))
 order by created_at, id
 limit %(limit)s

-- name: figures
select count(*) filter (where status = 'open'), count(*) filter (where status = 'escalated'),
       count(*) filter (where due_at <= clock_timestamp()),
       (select count(*) from (select from risk_fulfilment where state = 'failed' limit 1000) as f)
  from risk_entry
 where status <> 'reviewed'
