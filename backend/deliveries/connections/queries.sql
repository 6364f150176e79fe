-- name: connections
with relay as materialized (select position from audit_relay)
select c.id::text as id, c.name, c.kind, c.settings, c.subscriptions, c.rate, c.ready, c.switched_off, c.paused_by, c.paused_until,
       c.pause_reason, c.version, c.updated_at, c.updated_by, h.stopped, h.problem, h.problem_at, h.fault, h.failures,
       h.opened_until, h.last_success_at, h.p95_seconds, h.proof, h.proof_words, h.proven_at, h.proof_tried_at,
       case when s.connection_id is null then null
            else jsonb_build_object('lastFour', s.last_four, 'fingerprint', s.fingerprint, 'reference', s.reference,
                                    'setAt', s.set_at, 'setBy', s.set_by, 'expiresAt', s.expires_at,
                                    'previousUntil', (select max(p.valid_until) from connection_secret_previous as p
                                                       where p.connection_id = c.id and p.purpose = 'send')) end as secret,
       case when r.connection_id is null then null
            else jsonb_build_object('lastFour', r.last_four, 'fingerprint', r.fingerprint, 'reference', r.reference,
                                    'setAt', r.set_at, 'setBy', r.set_by, 'expiresAt', r.expires_at,
                                    'previousUntil', (select max(p.valid_until) from connection_secret_previous as p
                                                       where p.connection_id = c.id and p.purpose = 'receive')) end as hook_secret,
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
 where c.removed_at is null and (%(connection_id)s::uuid is null or c.id = %(connection_id)s)
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
select c.id, c.name, c.kind, c.settings, c.subscriptions, c.rate, c.seed, c.ready, c.switched_off, c.paused_by,
       c.paused_until, c.pause_reason, c.version, h.stopped
  from connection as c join connection_health as h on h.connection_id = c.id
 where c.id = %(connection_id)s and c.removed_at is null
   for update of c

-- name: change
update connection
   set name = %(name)s, kind = %(kind)s, settings = %(settings)s, subscriptions = %(subscriptions)s,
       patterns = %(patterns)s, rate = %(rate)s, ready = %(ready)s, switched_off = %(switched_off)s,
       paused_by = %(paused_by)s, paused_until = %(paused_until)s, pause_reason = %(pause_reason)s, version = version + 1,
       updated_at = clock_timestamp(), updated_by = %(actor)s
 where id = %(connection_id)s

-- name: name_taken
select exists (select from connection where lower(name) = lower(%(name)s) and removed_at is null
                  and id is distinct from %(connection_id)s)

-- name: begin_now
-- What was off kept nothing, so there is nothing to make up for.
update lane set cursor = (select position from audit_relay), due_at = '-infinity'
 where connection_id = %(connection_id)s

-- name: discard_waiting
with given_up as (
    update delivery as d
       set state = 'discarded', due_at = null, ended_at = clock_timestamp()
      from lane as l
     where l.connection_id = %(connection_id)s and d.lane_id = l.id and d.state = 'waiting'
    returning d.lane_id, d.position)
insert into discarded_letter (letter_id, reason, discarded_by)
select 'delivery-' || lane_id || '-' || position, %(reason)s, %(actor)s from given_up

-- name: unsettled
-- What somebody has to decide about before a connection may go.
select (select count(*) from delivery as d join lane as l on l.id = d.lane_id
         where l.connection_id = %(connection_id)s and d.state = 'dead')
       + (select count(*) from shop_command
           where connection_id = %(connection_id)s and state in ('dead', 'uncertain'))

-- name: release_commands
-- They wait for the next shop, under their ids. One that is being asked may have been heard.
update shop_command
   set connection_id = null, lost = lost or state = 'asking', state = 'waiting', due_at = clock_timestamp()
 where connection_id = %(connection_id)s and state in ('waiting', 'asking')

-- name: forget_threads
delete from connection_thread where connection_id = %(connection_id)s

-- name: unroute
-- The map is one record, so that it has another version.
with cleared as (delete from route where connection_id = %(connection_id)s returning team)
update route_map set version = version + 1, updated_at = clock_timestamp(), updated_by = %(actor)s
 where exists (select from cleared)
returning version

-- name: remove
update connection set removed_at = clock_timestamp(), paused_by = null, paused_until = null, pause_reason = ''
 where id = %(connection_id)s

-- name: stop_without_secret
-- Nothing is given up: what waits goes when the secret has been entered for the new address.
update connection_health
   set stopped = 'misconfigured', problem = %(words)s, problem_at = clock_timestamp(), fault = 'secret',
       canary_due_at = 'infinity'
 where connection_id = %(connection_id)s

-- name: start_anew
-- Somebody has changed something: whatever had stopped, goes on at once.
update connection_health
   set stopped = null, failures = 0, opened_until = null, probes = 0, probe_by = null, probe_until = null,
       canary_due_at = '-infinity'
 where connection_id = %(connection_id)s

-- name: all_due
with due as (update delivery as d set due_at = clock_timestamp()
               from lane as l
              where l.connection_id = %(connection_id)s and d.lane_id = l.id and d.state = 'waiting'),
     commands as (update shop_command set due_at = clock_timestamp()
                   where connection_id = %(connection_id)s and state in ('waiting', 'asking') and due_at > clock_timestamp()
                     and attempts > 0)
update lane set due_at = '-infinity' where connection_id = %(connection_id)s

-- name: keep_previous
-- The one before stays valid for a while, beside those before it.
insert into connection_secret_previous (connection_id, purpose, sealed, reference, valid_until)
select connection_id, purpose, sealed, reference, clock_timestamp() + make_interval(hours => %(hours)s)
  from connection_secret where connection_id = %(connection_id)s and purpose = %(purpose)s

-- name: end_previous
delete from connection_secret_previous
 where connection_id = %(connection_id)s and purpose = %(purpose)s
   and (not %(overlap)s or valid_until <= clock_timestamp())

-- name: put_secret
insert into connection_secret as s (connection_id, purpose, sealed, reference, last_four, fingerprint, set_by, expires_at)
values (%(connection_id)s, %(purpose)s, %(sealed)s, %(reference)s, %(last_four)s, %(fingerprint)s, %(actor)s,
        %(expires_at)s)
    on conflict (connection_id, purpose) do update
   set sealed = excluded.sealed, reference = excluded.reference, last_four = excluded.last_four,
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

-- name: seeded
select id, settings ->> 'url' as url, seeded_url as given, removed_at is not null as removed
  from connection where seed = %(seed)s order by removed_at is null desc, removed_at desc limit 1
   for update

-- name: note_seeded_url
-- What it was before.
update connection set seeded_url = %(url)s where id = %(connection_id)s returning old.seeded_url
