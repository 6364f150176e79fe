-- name: connections
with relay as materialized (select position from audit_relay)
select c.id::text as id, c.name, c.kind, c.settings, c.subscriptions, c.rate, c.ready, c.paused_by, c.paused_until,
       c.pause_reason, c.version, c.updated_at, c.updated_by, h.stopped, h.problem, h.problem_at, h.failures,
       h.opened_until, h.last_success_at, h.p95_seconds, h.proof, h.proof_words, h.proven_at, h.proof_tried_at,
       case when s.connection_id is null then null
            else jsonb_build_object('lastFour', s.last_four, 'fingerprint', s.fingerprint, 'reference', s.reference,
                                    'setAt', s.set_at, 'setBy', s.set_by, 'expiresAt', s.expires_at,
                                    'previousUntil', s.previous_until) end as secret,
       case when r.connection_id is null then null
            else jsonb_build_object('lastFour', r.last_four, 'fingerprint', r.fingerprint, 'reference', r.reference,
                                    'setAt', r.set_at, 'setBy', r.set_by, 'expiresAt', r.expires_at,
                                    'previousUntil', r.previous_until) end as hook_secret,
       w.waiting + b.waiting + k.waiting as waiting,
       least(w.oldest, b.oldest, k.oldest) as oldest_waiting_at,
       least(w.due_at, k.due_at) as due_at,
       d.dead + k.dead as dead,
       c.kind = 'shop' or exists (select from route as o where o.connection_id = c.id and o.severity in ('P1', 'P2'))
           as harms,
       clock_timestamp() as now
  from connection as c
  join connection_health as h on h.connection_id = c.id
  join lane as l on l.connection_id = c.id and l.source = 'log'
  left join connection_secret as s on s.connection_id = c.id and s.purpose = 'send'
  left join connection_secret as r on r.connection_id = c.id and r.purpose = 'receive'
 cross join lateral (select count(*) as waiting, min(first_at) as oldest, min(greatest(v.due_at, l.due_at)) as due_at
                       from delivery as v where v.lane_id = l.id and v.state = 'waiting') as w
 cross join lateral (select count(*) as dead from delivery as v where v.lane_id = l.id and v.state = 'dead') as d
 cross join lateral (select count(*) as waiting, min(at) as oldest
                       from (select p.at from audit_position as p
                              where c.ready and p.position > l.cursor and p.position <= (select position from relay)
                                and is_for_connection(c.id, c.patterns, p.action, p.resource_id)
                                and not exists (select from delivery as v
                                                 where v.lane_id = l.id and v.position = p.position)
                              limit 10000) as p) as b
 cross join lateral (select count(*) filter (where state in ('waiting', 'asking')) as waiting,
                            min(greatest(due_at, created_at)) filter (where state in ('waiting', 'asking')) as oldest,
                            min(due_at) filter (where state in ('waiting', 'asking')) as due_at,
                            count(*) filter (where state in ('dead', 'uncertain')) as dead
                       from shop_command as m
                      where m.connection_id = c.id and m.state in ('waiting', 'asking', 'dead', 'uncertain')) as k
 where (%(connection_id)s::uuid is null or c.id = %(connection_id)s)
   and (%(kind)s::text is null or c.kind = %(kind)s)
   and (%(after)s::text is null or (lower(c.name), c.id) > (%(after)s, %(after_id)s::uuid))
 order by lower(c.name), c.id
 limit %(limit)s

-- name: hours
select begins_at, sent, retried, dead
  from connection_hour
 where connection_id = %(connection_id)s
   and begins_at > date_trunc('hour', clock_timestamp()) - make_interval(hours => %(hours)s)
 order by begins_at

-- name: insert
insert into connection (name, kind, settings, subscriptions, patterns, rate, seed, ready, updated_by)
values (%(name)s, %(kind)s, %(settings)s, %(subscriptions)s, %(patterns)s, %(rate)s, %(seed)s, %(ready)s, %(actor)s)
    on conflict do nothing
returning id

-- name: insert_health
insert into connection_health (connection_id) values (%(connection_id)s)

-- name: insert_lanes
insert into lane (connection_id, source, cursor)
select %(connection_id)s, source, (select position from audit_relay)
  from unnest(array['log', 'commands']) as source

-- name: lock
select c.id, c.name, c.kind, c.settings, c.subscriptions, c.rate, c.ready, c.paused_by, c.paused_until, c.pause_reason,
       c.version, h.stopped, c.seed
  from connection as c join connection_health as h on h.connection_id = c.id
 where c.id = %(connection_id)s
   for update of c

-- name: change
update connection
   set name = %(name)s, kind = %(kind)s, settings = %(settings)s, subscriptions = %(subscriptions)s,
       patterns = %(patterns)s, rate = %(rate)s, ready = %(ready)s, paused_by = %(paused_by)s,
       paused_until = %(paused_until)s, pause_reason = %(pause_reason)s, version = version + 1,
       updated_at = clock_timestamp(), updated_by = %(actor)s
 where id = %(connection_id)s

-- name: name_taken
select exists (select from connection where lower(name) = lower(%(name)s) and id is distinct from %(connection_id)s)

-- name: begin_now
-- What was off kept nothing, so there is nothing to make up for.
update lane set cursor = (select position from audit_relay), due_at = '-infinity'
 where connection_id = %(connection_id)s

-- name: discard_waiting
update delivery as d
   set state = 'discarded', due_at = null, ended_at = clock_timestamp(), words = %(words)s
  from lane as l
 where l.connection_id = %(connection_id)s and d.lane_id = l.id and d.state = 'waiting'

-- name: start_anew
-- Somebody has changed something: whatever had stopped, goes on at once.
update connection_health
   set stopped = null, failures = 0, opened_until = null, probes = 0, probe_by = null, probe_until = null,
       canary_due_at = '-infinity'
 where connection_id = %(connection_id)s

-- name: stop_for_secret
update connection_health set stopped = 'misconfigured', problem = %(words)s, problem_at = clock_timestamp()
 where connection_id = %(connection_id)s

-- name: all_due
with due as (update delivery as d set due_at = clock_timestamp()
               from lane as l
              where l.connection_id = %(connection_id)s and d.lane_id = l.id and d.state = 'waiting'),
     commands as (update shop_command set due_at = clock_timestamp()
                   where connection_id = %(connection_id)s and state in ('waiting', 'asking') and due_at > clock_timestamp()
                     and attempts > 0)
update lane set due_at = '-infinity' where connection_id = %(connection_id)s

-- name: put_secret
-- The one before stays valid for a while, unless it was wrong from the beginning.
insert into connection_secret as s (connection_id, purpose, sealed, reference, last_four, fingerprint, set_by, expires_at)
values (%(connection_id)s, %(purpose)s, %(sealed)s, %(reference)s, %(last_four)s, %(fingerprint)s, %(actor)s,
        %(expires_at)s)
    on conflict (connection_id, purpose) do update
   set previous_sealed = case when %(hours)s > 0 then s.sealed end,
       previous_reference = case when %(hours)s > 0 then s.reference else '' end,
       previous_until = case when %(hours)s > 0 then clock_timestamp() + make_interval(hours => %(hours)s) end,
       sealed = excluded.sealed, reference = excluded.reference, last_four = excluded.last_four,
       fingerprint = excluded.fingerprint, set_at = clock_timestamp(), set_by = excluded.set_by,
       expires_at = excluded.expires_at

-- name: has_secret
select exists (select from connection_secret where connection_id = %(connection_id)s and purpose = 'send')

-- name: delete_secret
delete from connection_secret where connection_id = %(connection_id)s and purpose = %(purpose)s returning purpose

-- name: ask_for_proof
-- Whatever the state: that is what a test is for. It is no probe, so one that fails puts the next of those off no further.
update connection_health
   set canary_due_at = '-infinity', test_asked = true
 where connection_id = %(connection_id)s
returning clock_timestamp()

-- name: proof
select h.proof, h.proof_words, h.proof_seconds, h.proof_tried_at from connection_health as h
 where h.connection_id = %(connection_id)s and h.proof_tried_at > %(since)s

-- name: by_seed
select id, name, settings from connection where seed = %(seed)s for update
