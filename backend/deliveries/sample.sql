-- name: secrets
-- References that lead nowhere: whatever is done with these connections, there is nothing to send with.
insert into connection_secret (connection_id, purpose, reference, set_by, set_at)
select c, 'send', 'env:OPSCONSOLE_SECRET_SAMPLE', %(actor)s, %(now)s::timestamptz - interval '40 days'
  from unnest(%(connections)s::uuid[]) as c

-- name: addresses
-- Where a page reaches people; whoever may try the shop out, in any role, is one of them.
insert into contact_method (user_id, address, verified_at, created_at)
select p.id, p.id || '@shop.example', %(since)s, %(since)s
  from (select id from account union select id from role_definition) as p

-- name: paused
update connection
   set ready = true, paused_by = %(actor)s, paused_until = %(now)s::timestamptz + interval '3 days', pause_reason = %(reason)s
 where id = %(connection_id)s

-- name: misconfigured
update connection set ready = true where id = %(connection_id)s

-- name: health
update connection_health
   set stopped = %(stopped)s, problem = %(problem)s, problem_at = %(now)s::timestamptz - interval '3 hours',
       last_success_at = %(now)s::timestamptz - interval '3 hours', p95_seconds = 0.21,
       proof = %(proof)s, proof_words = %(problem)s, proof_tried_at = %(now)s::timestamptz - interval '3 hours',
       proven_at = %(now)s::timestamptz - interval '4 hours', canary_due_at = 'infinity'
 where connection_id = %(connection_id)s

-- name: hours
insert into connection_hour (connection_id, begins_at, sent, retried, dead)
select %(connection_id)s, h.at, h.sent, h.retried, h.dead
  from unnest(%(begins)s::timestamptz[], %(sent)s::bigint[], %(retried)s::bigint[], %(dead)s::bigint[])
       as h (at, sent, retried, dead)

-- name: command
insert into shop_command (name, about, data, connection_id, state, attempts, reached, lost, created_at, due_at, first_at,
                          ended_at, status, seconds, words, exchange, history)
values (%(name)s, %(about)s, %(data)s, %(connection_id)s, %(state)s, %(attempts)s, %(attempts)s, %(state)s = 'uncertain',
        %(at)s, %(at)s, %(at)s, %(at)s::timestamptz + interval '4 minutes', %(status)s, 0.18, %(words)s, %(exchange)s, %(history)s)
