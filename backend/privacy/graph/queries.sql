-- name: to_plan
-- Requests that are to run and have no run yet; erasures once nobody can take them back any more.
select id, type from privacy_request as r
 where (r.state = 'running' or (r.state = 'waiting' and r.erases_at <= clock_timestamp()))
   and not exists (select from privacy_run as n where n.request_id = r.id)
 order by r.due_at, r.id
   for update of r skip locked

-- name: insert_run
insert into privacy_run (request_id) values (%(request_id)s) returning id

-- name: insert_node
insert into privacy_node (run_id, position, name, title, needs, state)
values (%(run_id)s, %(position)s, %(name)s, %(title)s, %(needs)s, %(state)s)

-- name: begin_request
update privacy_request set state = 'running', version = version + 1 where id = %(request_id)s and state <> 'running'

-- name: ready
select n.id, n.lock
  from privacy_node as n join privacy_run as r on r.id = n.run_id, privacy_switch as s
 where n.state in ('waiting', 'running') and n.next_at <= clock_timestamp() and r.ended_at is null
   and s.paused_at is null
   and not exists (select from privacy_node as o where o.run_id = n.run_id and o.name = any (n.needs)
                      and o.state not in ('done', 'skipped'))
 order by n.next_at, n.id
 limit %(limit)s

-- name: try_lock
select pg_try_advisory_lock(4711021, %(lock)s)

-- name: claim
update privacy_node as n
   set state = 'running', fence = n.fence + 1, attempts = n.attempts + 1, step_at = clock_timestamp(),
       version = n.version + 1
  from privacy_run as r, privacy_request as q
 where n.id = %(node_id)s and n.state in ('waiting', 'running') and n.next_at <= clock_timestamp()
   and r.id = n.run_id and r.ended_at is null and q.id = r.request_id
   and not exists (select from privacy_node as o where o.run_id = n.run_id and o.name = any (n.needs)
                      and o.state not in ('done', 'skipped'))
returning n.id as node_id, n.run_id, n.name, n.title, n.fence, n.attempts, n.cursor, n.rows, n.kept, r.begun_at, q.id as request_id,
          q.type, q.person_id

-- name: begin_attempt
insert into privacy_attempt (node_id, number)
select %(node_id)s, coalesce(max(number), 0) + 1 from privacy_attempt where node_id = %(node_id)s
returning number

-- name: end_attempt
update privacy_attempt set ended_at = clock_timestamp(), problem = %(problem)s
 where node_id = %(node_id)s and number = %(number)s

-- name: step
-- In the transaction of each batch. No row: somebody else has taken it over, or all are paused.
update privacy_node as n set cursor = %(cursor)s, rows = %(rows)s, kept = %(kept)s, step_at = clock_timestamp()
  from privacy_switch as s
 where n.id = %(node_id)s and n.fence = %(fence)s and n.state = 'running' and s.paused_at is null
returning n.id

-- name: lock_run
-- First, so that of two last nodes that end at once the second sees the first.
select request_id from privacy_run where id = %(run_id)s and ended_at is null for update

-- name: end_node
update privacy_node
   set state = 'done', problem = '', ended_at = clock_timestamp(), ended_by = %(actor)s, version = version + 1
 where id = %(node_id)s and fence = %(fence)s and state = 'running'
returning id

-- name: fail_node
update privacy_node
   set state = %(state)s, problem = %(problem)s, cursor = case when %(from_start)s then null else cursor end, next_at = clock_timestamp() + make_interval(secs => %(seconds)s),
       version = version + 1
 where id = %(node_id)s and fence = %(fence)s and state = 'running'
returning id

-- name: wait_node
-- Nothing went wrong: it waits for somebody else's answer.
update privacy_node
   set state = 'waiting', attempts = attempts - 1, cursor = %(cursor)s,
       next_at = clock_timestamp() + make_interval(secs => %(seconds)s)
 where id = %(node_id)s and fence = %(fence)s and state = 'running'
returning id

-- name: unfinished
select exists (select from privacy_node where run_id = %(run_id)s and state not in ('done', 'skipped'))

-- name: end_run
update privacy_run set ended_at = clock_timestamp() where id = %(run_id)s

-- name: end_request
update privacy_request
   set state = %(state)s, blocked = '', version = version + 1,
       completed_at = case when %(state)s = 'done' then clock_timestamp() else completed_at end
 where id = %(request_id)s

-- name: set_blocked
update privacy_request set blocked = %(blocked)s, version = version + 1
 where id = %(request_id)s and blocked <> %(blocked)s

-- name: what_blocks
select n.title, n.state, n.attempts from privacy_node as n join privacy_run as r on r.id = n.run_id
 where r.request_id = %(request_id)s and r.ended_at is null
   and (n.state in ('dead', 'manual') or (n.problem <> '' and n.state in ('waiting', 'running')))
   and (n.state <> 'manual' or not exists (select from privacy_node as o where o.run_id = n.run_id
                                              and o.name = any (n.needs) and o.state not in ('done', 'skipped')))
 order by n.state <> 'dead', n.position limit 1

-- name: nodes
select n.id::text as node_id, n.name, n.title, n.needs, n.state, n.attempts, n.rows, n.kept, n.problem, n.step_at,
       case when n.state in ('waiting', 'running') then n.next_at end as next_at, n.ended_at, n.ended_by,
       person_name(n.ended_by) as ended_by_name, n.skip_asked_by, person_name(n.skip_asked_by) as skip_asked_by_name,
       n.skipped_by, person_name(n.skipped_by) as skipped_by_name, n.version
  from privacy_node as n
 where n.run_id = (select id from privacy_run where request_id = %(request_id)s order by begun_at desc limit 1)
 order by n.position

-- name: attempts
select number, begun_at, ended_at, problem from privacy_attempt where node_id = %(node_id)s order by number desc limit 100

-- name: lock_node
select n.id, n.run_id, n.state, n.version, n.title, n.name, n.skip_asked_by, r.request_id, r.ended_at
  from privacy_node as n join privacy_run as r on r.id = n.run_id
 where n.id = %(node_id)s and r.request_id = %(request_id)s
   for update of n

-- name: retry
update privacy_node set state = 'waiting', attempts = 0, next_at = clock_timestamp(), version = version + 1
 where id = %(node_id)s and state in ('dead', 'waiting')

-- name: ask_skip
update privacy_node set skip_asked_by = %(actor)s, words = %(words)s, version = version + 1 where id = %(node_id)s

-- name: skip
update privacy_node
   set state = 'skipped', skipped_by = %(actor)s, ended_at = clock_timestamp(), ended_by = %(actor)s, fence = fence + 1,
       version = version + 1
 where id = %(node_id)s and state in ('waiting', 'dead', 'manual')
returning id

-- name: complete
update privacy_node
   set state = 'done', words = %(words)s, ended_at = clock_timestamp(), ended_by = %(actor)s, version = version + 1
 where id = %(node_id)s and state = 'manual'
returning id

-- name: switch
select paused_at, paused_by, person_name(paused_by) as paused_by_name, version from privacy_switch

-- name: lock_switch
select paused_at, paused_by, version from privacy_switch for update

-- name: set_switch
update privacy_switch set paused_at = case when %(paused)s then clock_timestamp() end,
       paused_by = case when %(paused)s then %(actor)s end, version = version + 1

-- name: keep_export
insert into privacy_export (node_id, part, sealed) values (%(node_id)s, %(part)s, %(sealed)s)

-- name: dead_nodes
select n.id, n.title, n.problem, 'PR-' || lpad(q.number::text, 4, '0') as reference, n.state, n.step_at
  from privacy_node as n join privacy_run as r on r.id = n.run_id join privacy_request as q on q.id = r.request_id
 where r.ended_at is null
   and (n.state = 'dead' or (n.state = 'running' and n.step_at < clock_timestamp() - interval '10 minutes'))

-- name: alerts_passed
select a.key from alert as a
 where a.source = 'privacy.nodes' and a.valid_to = 'infinity' and a.condition = 'breached'
   and not (a.key = any (%(still)s::text[]))

-- name: command_state
select state, words from shop_command where id = %(command_id)s
