-- name: retire_rules
update risk_rule_set set state = 'retired', version = version + 1 where state = 'published'

-- name: publish_rules
insert into risk_rule_set (title, state, rules, author, published_at, published_by)
values (%(title)s, 'published', %(rules)s::jsonb, %(author)s, now(), %(published_by)s)
returning id::text

-- name: insert_checked
-- In the order in which they were placed.
insert into risk_order overriding user value
select r.* from (
    select (g).* from (
        select jsonb_populate_record(null::risk_order, e.row || jsonb_build_object('order_value', o.reporting_minor)) as g
          from jsonb_array_elements(%(rows)s::jsonb) as e(row)
          join orders as o on o.id = e.row ->> 'id'
        offset 0) as populated
    order by (g).placed_at, (g).id) as r

-- name: checked
select to_jsonb(o) from risk_order as o where id = any (%(ids)s::text[]) order by seq

-- name: insert_decisions
with given as (
    select * from jsonb_to_recordset(%(rows)s::jsonb) as r(order_id text, score int, action text, triggered text[],
                                                           explanation jsonb, missing text[], card_last4 text)
),
kept as (
    insert into risk_payload (order_id, payload) select key, value from jsonb_each(%(payloads)s::jsonb)
),
decided as (
    insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation, missing, decided_at)
    select g.order_id, %(rule_set_id)s::uuid, g.score, g.action, g.triggered, g.explanation, g.missing, o.placed_at
      from given as g join risk_order as o on o.id = g.order_id
)
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor, customer_id,
                        email, card, card_last4, card_country, ip, ip_country, device, created_at, due_at)
select o.id, g.score, g.action, g.triggered, o.placed_at, o.currency, o.minor, o.order_value, o.customer_id, o.email,
       o.card, g.card_last4, o.card_country, o.ip, o.ip_country, o.device, o.placed_at,
       o.placed_at + make_interval(hours => case g.action when 'block' then p.block_hours else p.review_hours end)
  from given as g
  join risk_order as o on o.id = g.order_id
 cross join risk_policy as p
 where g.action in ('review', 'block') and o.placed_at > %(queued_since)s::timestamptz

-- name: insert_outcomes
-- Of the orders that are decided already: most that look like fraud were some, and one of two hundred others.
insert into risk_outcome (id, order_id, customer_id, kind, happened_at, currency, minor)
select 'dispute-' || o.id, o.id, o.customer_id, 'dispute',
       o.placed_at + (%(until)s::timestamptz - o.placed_at) * 0.6, o.currency, o.minor
  from risk_decision as d
  join risk_order as o on o.id = d.order_id
 where o.placed_at <= %(until)s::timestamptz - %(queued)s::interval
   and abs(hashtext(o.id)) %% 200 < case when d.score >= 60 then 140 when d.score >= 30 then 30 else 1 end

-- name: older_orders_pending
-- The worker makes them known to the rules, the oldest first, so that there is something to try rules on.
insert into risk_pending (placed_at, order_id)
select placed_at, id from orders where placed_at > %(since)s::timestamptz and placed_at <= %(until)s::timestamptz
