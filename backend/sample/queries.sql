-- name: creation_lock
-- Two servers on one database do not create the shop twice.
select pg_advisory_xact_lock(4711018004)

-- name: exists
select exists (select from sample_shop)

-- name: holds_data
select exists (select from orders) or exists (select from refunds) or exists (select from downloads)

-- name: no_time_limits
-- For this transaction: a year's trade takes longer than a request may.
select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)

-- name: insert_shop
insert into sample_shop (opened_at, traded_through, burst_at) values (%(opened_at)s, %(opened_at)s, %(burst_at)s)

-- name: insert_rates
insert into currency_rate (currency, day, rate)
select * from unnest(%(currency)s::text[], %(day)s::date[], %(rate)s::numeric[])
on conflict (currency, day) do nothing

-- name: lock_shop
-- Of several workers one trades.
select opened_at, traded_through, burst_at, clock_timestamp() from sample_shop for update skip locked

-- name: keep_traded
update sample_shop set traded_through = %(traded_through)s, burst_at = %(burst_at)s

-- name: new_ids
select uuidv7()::text from generate_series(1, %(count)s::int)

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

-- name: older_orders_pending
-- The worker makes them known to the rules, the oldest first, so that there is something to try rules on.
insert into risk_pending (placed_at, order_id)
select placed_at, id from orders where placed_at > %(since)s::timestamptz and placed_at <= %(until)s::timestamptz

-- name: role_accounts
select a.id, a.name, a.password_hash, f.secret
  from account as a left join second_factor as f on f.user_id = a.id and f.confirmed_at is not null
 where a.id = any(%(ids)s) and a.disabled_at is null
 order by array_position(%(ids)s, a.id)

-- name: give_factor
insert into second_factor (user_id, secret, confirmed_at) values (%(user_id)s, %(secret)s, now())
on conflict (user_id) do update set secret = excluded.secret, confirmed_at = now(), last_step = 0
 where second_factor.confirmed_at is null
