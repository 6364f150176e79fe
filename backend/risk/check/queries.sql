-- name: lock
-- One after the other for each key, to the end of the transaction; in order, so that no two wait for each other. What is
-- read must be read by a later statement: this one's snapshot is older than the locks.
select (select currency from reporting), count(*)
  from (select pg_advisory_xact_lock(key)
          from (select key from unnest(%(keys)s::bigint[]) as key order by key offset 0) as keys) as locked

-- name: rules
select rules from risk_rule_set where id = %(rule_set_id)s

-- name: decision
select d.id::text as decision_id, d.order_id, d.score, d.action, d.triggered as triggered_rules, d.explanation,
       (select coalesce(jsonb_agg(jsonb_build_object('listId', l.id, 'kind', l.kind, 'metric', l.metric,
                                                     'value', to_jsonb(o) ->> l.metric) order by h.n), '[]')
          from unnest(o.lists) with ordinality as h(hit, n)
          join risk_list as l on l.id = split_part(h.hit, ':', 1)) as lists,
       d.quiet as snoozed_rules, d.missing, d.rule_set_id::text as rule_set_id, s.number as rule_set_number,
       (select e.id::text from risk_entry as e where e.order_id = d.order_id) as entry_id, d.decided_at
  from risk_decision as d
  join risk_order as o on o.id = d.order_id
  join risk_rule_set as s on s.id = d.rule_set_id
 where d.order_id = %(order_id)s

-- name: payload_before
-- What was checked first, and whether it is the same to the letter. Numbers come back in another form than they went in.
select payload, payload = %(payload)s from risk_payload where order_id = %(order_id)s

-- name: load
-- What each rule has done within the hour, or since somebody reset its breaker. Orders checked are counted as far as
-- they can matter: past share percent of them a breaker opens, so a hundred times its hits is all there is to know.
select r.rule_id, w.is_open, h.orders, h.amount, c.checked
  from unnest(%(rules)s::text[], %(shares)s::int[]) as r(rule_id, share)
 cross join lateral (
    select greatest(clock_timestamp() - interval '1 hour', max(b.reset_at)) as since,
           coalesce(bool_or(b.reset_at is null), false) as is_open
      from risk_breaker as b where b.rule_id = r.rule_id) as w
 cross join lateral (
    select count(*) as orders, coalesce(sum(h.minor), 0)::bigint as amount
      from risk_hit as h where h.rule_id = r.rule_id and h.at > w.since) as h
 cross join lateral (
    select count(*) as checked
      from (select from risk_decision as d where r.share is not null and d.decided_at > w.since
             limit (h.orders + 1) * 100 / r.share + %(least_checked)s) as d) as c

-- name: open_breaker
insert into risk_breaker (rule_id, words) values (%(rule_id)s, %(words)s) returning id::text

-- name: forget_backfilled
-- The order came in from the shop before it was checked; the check knows more about it.
delete from risk_order where id = %(order_id)s and source = 'shop'

-- name: store
-- Order, payload, decision, hits and queue entry, or none of them.
with stored as (
    insert into risk_order overriding user value
    select * from jsonb_populate_record(null::risk_order, %(order)s::jsonb)
    returning *
),
kept as (insert into risk_payload (order_id, payload) values (%(order_id)s, %(payload)s)),
decided as (
    insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation, quiet, missing)
    values (%(order_id)s, %(rule_set_id)s, %(score)s, %(action)s, %(triggered)s::text[], %(explanation)s::jsonb,
            %(quiet)s::text[], %(missing)s::text[])
    returning id, decided_at
),
hits as (
    insert into risk_hit (rule_id, order_id, minor)
    select rule_id, stored.id, stored.order_value from stored, unnest(%(acting)s::text[]) as rule_id
),
queued as (
    insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor,
                            customer_id, email, card, card_last4, card_country, ip, ip_country, device, created_at,
                            due_at)
    select o.id, %(score)s, %(action)s, %(triggered)s::text[], o.placed_at, o.currency, o.minor, o.order_value,
           o.customer_id, o.email, o.card, %(card_last4)s, o.card_country, o.ip, o.ip_country, o.device, d.decided_at,
           d.decided_at + make_interval(hours => case %(action)s::text when 'block' then p.block_hours
                                                                       else p.review_hours end)
      from stored as o, decided as d, risk_policy as p
     where %(action)s::text in ('review', 'block')
    returning id
)
select decided.id::text, decided.decided_at, (select id::text from queued) from decided
