-- name: claim
-- Whole lanes, so that order, rate and width are one process's own. statement_timestamp() is stable, an index condition.
with head as materialized (select position from audit_relay),
ready as (
    select l.id
      from lane as l
      join connection as c on c.id = l.connection_id
      join connection_health as h on h.connection_id = c.id
     where c.ready and c.kind = any (%(kinds)s) and h.stopped is null
       and (c.paused_by is null or c.paused_until <= statement_timestamp())
       and l.held_until < statement_timestamp()
       and case when h.opened_until is not null  -- a probe asks for no message's due time
                then l.source = 'log' and h.opened_until <= statement_timestamp()
                     and (h.probe_until is null or h.probe_until < statement_timestamp())
                when l.due_at > statement_timestamp() then false
                when l.source = 'log'
                then l.cursor < (select position from head)
                     or exists (select from delivery as d where d.lane_id = l.id and d.state = 'waiting'
                                   and d.due_at <= statement_timestamp())
                else exists (select from shop_command as m
                              where m.state in ('waiting', 'asking') and m.due_at <= statement_timestamp()
                                and (m.connection_id = c.id or (m.connection_id is null and c.kind = 'shop'
                                     and (c.patterns = '{}' or m.name like any (c.patterns))))) end
     order by l.due_at, l.id
     limit %(most)s
       for update of l skip locked)
update lane as l
   set held_by = %(me)s, held_until = statement_timestamp() + make_interval(secs => %(lease)s)
  from ready as r, connection as c, connection_health as h, lane as o
 where l.id = r.id and o.id = l.id and c.id = l.connection_id and h.connection_id = c.id
returning l.id as lane_id, l.source, l.cursor, c.id as connection_id, c.name, c.kind, c.settings, c.rate, c.version,
          h.failures, h.opened_until is not null as probing

-- name: secrets
-- The current one first, then those that are valid still, the newest first.
select sealed, reference from (
    select sealed, reference, null::bigint as id from connection_secret
     where connection_id = %(connection_id)s and purpose = %(purpose)s
     union all
    select sealed, reference, id from connection_secret_previous
     where connection_id = %(connection_id)s and purpose = %(purpose)s and valid_until > statement_timestamp()) as s
 order by id desc nulls first

-- name: head
select position from audit_relay

-- name: waiting
-- Of an ordered lane in order, due or not: nothing may overtake what waits.
select d.position, l.id::text as id, l.at, l.action, l.resource_type, l.resource_id, l.version, l.resource_label,
       d.attempts, d.first_at, d.due_at <= statement_timestamp() as due,
       extract(epoch from d.due_at - statement_timestamp())::float8 as seconds,
       statement_timestamp() - d.first_at as age, statement_timestamp() - l.at as waited
  from delivery as d
  join audit_position as p on p.position = d.position
  join audit_log as l on l.seq = p.seq
 where d.lane_id = %(lane_id)s and d.state = 'waiting'
   and (%(ordered)s or %(probing)s or d.due_at <= statement_timestamp())
 order by d.position
 limit %(limit)s

-- name: next
select p.position, l.id::text as id, l.at, l.action, l.resource_type, l.resource_id, l.version, l.resource_label,
       0 as attempts, null::timestamptz as first_at, true as due, 0.0::float8 as seconds, interval '0' as age,
       statement_timestamp() - l.at as waited
  from (select p.position, p.seq
          from audit_position as p
         where p.position > %(cursor)s and p.position <= %(head)s
           and is_for_connection(%(connection_id)s, (select patterns from connection where id = %(connection_id)s),
                                 p.action, p.resource_id)
           and not exists (select from delivery as d where d.lane_id = %(lane_id)s and d.position = p.position)
         order by p.position
         limit %(limit)s) as p
  join audit_log as l on l.seq = p.seq
 order by p.position

-- name: notice
select n.team, n.severity, n.template, n.values, n.thread, n.phase, n.actions, n.recipients,
       t.subject, t.text, t.kind, coalesce(r.remembered, '{}') as remembered
  from notice as n
  left join lateral (select subject, text, kind from message_template as t
                      where t.name = n.template and t.kind in ('', %(kind)s)
                      order by t.kind = '', t.version desc limit 1) as t on true
  left join connection_thread as r on r.connection_id = %(connection_id)s and r.thread = n.thread
 where n.id = %(notice_id)s

-- name: remember
insert into connection_thread (connection_id, thread, remembered)
values (%(connection_id)s, %(thread)s, %(remembered)s)
    on conflict (connection_id, thread) do update
   set remembered = connection_thread.remembered || excluded.remembered, updated_at = clock_timestamp()

-- name: flush
-- Results of all lanes of a process at once. No row back for a lane: its lease is lost, and with it the result.
with mine as (
    select id from lane
     where id = any (%(lanes)s::bigint[]) and held_by = %(me)s and held_until > statement_timestamp()),
rows as (
    insert into delivery as d (lane_id, position, state, attempts, first_at, due_at, ended_at, status, seconds, words,
                               exchange, history)
    select u.lane_id, u.position, u.state, u.attempts, coalesce(u.first_at, statement_timestamp()),
           case when u.state = 'waiting' then statement_timestamp() + make_interval(secs => u.due_in) end,
           case when u.state <> 'waiting' then statement_timestamp() end,
           u.status, u.seconds, u.words, u.exchange::jsonb, u.history::jsonb
      from unnest(%(lane_ids)s::bigint[], %(positions)s::bigint[], %(states)s::text[], %(attempts)s::int[],
                  %(first_ats)s::timestamptz[], %(due_ins)s::float8[], %(statuses)s::int[], %(seconds)s::float4[],
                  %(words)s::text[], %(exchanges)s::text[], %(histories)s::text[])
           as u (lane_id, position, state, attempts, first_at, due_in, status, seconds, words, exchange, history)
      join mine as m on m.id = u.lane_id
        on conflict (lane_id, position) do update
       set state = excluded.state, attempts = excluded.attempts, due_at = excluded.due_at, ended_at = excluded.ended_at,
           status = excluded.status, seconds = excluded.seconds, words = excluded.words,
           exchange = coalesce(excluded.exchange, d.exchange),
           history = coalesce(d.history, '[]') || coalesce(excluded.history, '[]')
     where d.state = 'waiting')
select id from mine

-- name: beat
-- Rows are locked in one order first: two statements over several lanes would deadlock otherwise.
with mine as materialized (
    select l.id from lane as l
     where l.held_by = %(me)s and l.held_until > statement_timestamp() and l.id = any (%(lanes)s::bigint[])
     order by l.id for update)
update lane as l
   set held_until = statement_timestamp() + make_interval(secs => %(lease)s), cursor = greatest(l.cursor, u.cursor)
  from mine as m, connection as c,
       unnest(%(lanes)s::bigint[], %(cursors)s::bigint[]) as u (id, cursor)
 where l.id = m.id and u.id = l.id and c.id = l.connection_id
returning l.id, c.version, c.paused_by is not null and (c.paused_until is null or c.paused_until > statement_timestamp())

-- name: release
update lane
   set held_by = null, held_until = '-infinity', cursor = greatest(cursor, %(cursor)s),
       due_at = case when %(due_in)s::float8 is null then '-infinity'
                     else statement_timestamp() + make_interval(secs => %(due_in)s) end
 where id = %(lane_id)s and held_by = %(me)s

-- name: tally
insert into connection_hour (connection_id, begins_at, sent, retried, dead)
values (%(connection_id)s, date_trunc('hour', statement_timestamp()), %(sent)s, %(retried)s, %(dead)s)
    on conflict (connection_id, begins_at) do update
   set sent = connection_hour.sent + excluded.sent, retried = connection_hour.retried + excluded.retried,
       dead = connection_hour.dead + excluded.dead

-- name: note_success
update connection_health
   set last_success_at = greatest(last_success_at, %(at)s), p95_seconds = coalesce(%(p95)s, p95_seconds)
 where connection_id = %(connection_id)s

-- name: fail
-- One failure more; the one that opens the breaker says so.
update connection_health
   set failures = failures + 1, problem = %(words)s, problem_at = clock_timestamp(), fault = %(fault)s,
       opened_until = case when opened_until is null and failures + 1 >= %(threshold)s
                           then clock_timestamp() + make_interval(secs => %(pause)s) else opened_until end
 where connection_id = %(connection_id)s
returning new.opened_until is not null, old.opened_until is null and new.opened_until is not null

-- name: forgive
update connection_health set failures = 0 where connection_id = %(connection_id)s and opened_until is null

-- name: stop
update connection_health
   set stopped = %(stopped)s, problem = %(words)s, problem_at = clock_timestamp(), fault = %(fault)s, probe_by = null, probe_until = null,
       opened_until = null, failures = 0, probes = 0
 where connection_id = %(connection_id)s and stopped is distinct from %(stopped)s
returning connection_id

-- name: take_probe
update connection_health
   set probe_by = %(me)s, probe_until = statement_timestamp() + make_interval(secs => %(seconds)s)
 where connection_id = %(connection_id)s and opened_until <= statement_timestamp()
   and (probe_until is null or probe_until < statement_timestamp())
returning probes, test_asked

-- name: end_probe
update connection_health
   set probe_by = null, probe_until = null, probes = probes + 1, problem = %(words)s, problem_at = clock_timestamp(),
       fault = %(fault)s,
       opened_until = clock_timestamp() + make_interval(secs => %(pause)s)
 where connection_id = %(connection_id)s and probe_by = %(me)s

-- name: close
-- Whatever waits is due at once, not at the end of pauses that the outage was to blame for.
with closed as (
    update connection_health
       set failures = 0, opened_until = null, probes = 0, probe_by = null, probe_until = null
     where connection_id = %(connection_id)s and probe_by = %(me)s
    returning connection_id),
due as (
    update delivery as d set due_at = clock_timestamp()
      from lane as l, closed as c
     where l.connection_id = c.connection_id and d.lane_id = l.id and d.state = 'waiting'),
commands as (
    update shop_command as m set due_at = clock_timestamp()
      from closed as c
     where m.connection_id = c.connection_id and m.state = 'waiting' and m.due_at > clock_timestamp()
       and m.attempts > 0),
lanes as (
    update lane as l set due_at = '-infinity' from closed as c
     where l.connection_id = c.connection_id and l.due_at > clock_timestamp())
select connection_id from closed

-- name: claim_canaries
-- Of what works or was refused; what fails is proved by its probes. Asked for, whatever the state.
with due as (
    select h.connection_id
      from connection_health as h join connection as c on c.id = h.connection_id
     where c.ready and c.kind = any (%(kinds)s) and h.canary_due_at <= statement_timestamp()
       and (h.canary_due_at = '-infinity'
            or (h.opened_until is null and (c.paused_by is null or c.paused_until <= statement_timestamp())))
     order by h.canary_due_at
     limit %(most)s
       for update of h skip locked)
update connection_health as h
   set canary_due_at = case when h.stopped = 'disabled' then 'infinity'
                            else statement_timestamp() + make_interval(secs => %(seconds)s) end
  from due as d, connection as c
 where h.connection_id = d.connection_id and c.id = d.connection_id
returning c.id as connection_id, c.name, c.kind, c.settings, c.rate, c.version, h.stopped, h.test_asked,
          coalesce((select remembered from connection_thread as t
                     where t.connection_id = c.id and t.thread = 'canary'), '{}') as remembered

-- name: proved
update connection_health
   set proof = %(proof)s, proof_words = %(words)s, proof_seconds = %(seconds)s, proof_tried_at = clock_timestamp(),
       proven_at = case when %(proof)s = 'proven' then clock_timestamp() else proven_at end,
       last_success_at = case when %(proof)s = 'proven' then clock_timestamp() else last_success_at end,
       stopped = case when %(proof)s = 'proven' then null else stopped end,
       -- What arrived while it was away: a probe finds out at once whether the rest may go. Closed stays closed.
       opened_until = case when %(proof)s = 'proven' and opened_until > clock_timestamp() then clock_timestamp()
                           else opened_until end,
       problem = case when %(proof)s = 'failed' then %(words)s else problem end,
       problem_at = case when %(proof)s = 'failed' then clock_timestamp() else problem_at end,
       fault = case when %(proof)s = 'failed' then %(fault)s else fault end,
       canary_due_at = statement_timestamp() + make_interval(secs => %(next)s), test_asked = false
 where connection_id = %(connection_id)s
returning old.proof <> new.proof, old.stopped is not null and new.stopped is null

-- name: wake
update lane set due_at = '-infinity' where connection_id = %(connection_id)s

-- name: version
select version, name from connection where id = %(connection_id)s

-- name: proven
select proof = 'proven' and proven_at > %(since)s from connection_health where connection_id = %(connection_id)s
