-- name: try_backfill_lock
-- Of several workers one backfills, so that orders become known one after the other.
select pg_try_advisory_xact_lock(4711018005)

-- name: take_pending
delete from risk_pending
 where ctid = any (array(select ctid from risk_pending order by placed_at, order_id limit %(limit)s))
returning order_id

-- name: own_refunds
-- Refunds that came before their orders belong to the customers of these.
update refunds as r set customer_id = o.customer_id
  from orders as o
 where o.id = any (%(ids)s::text[]) and o.customer_id is not null
   and r.order_id = o.id and r.customer_id is null and r.order_id is not null

-- name: pending_orders
select o.id, o.placed_at, o.minor, o.currency, o.reporting_minor, o.customer_id, o.country
  from orders as o
 where o.id = any (%(ids)s::text[]) and not exists (select from risk_order as r where r.id = o.id)

-- name: backfill
insert into risk_order (id, source, placed_at, minor, currency, order_value, customer_id, billing_country, hour_of_day)
select g.id, 'shop', g.placed_at, g.minor, g.currency, g.order_value, g.customer_id, g.country,
       extract(hour from g.placed_at at time zone 'UTC')
  from unnest(%(id)s::text[], %(placed_at)s::timestamptz[], %(minor)s::bigint[], %(currency)s::text[],
              %(order_value)s::bigint[], %(customer_id)s::text[], %(country)s::text[])
       as g(id, placed_at, minor, currency, order_value, customer_id, country)
 order by g.placed_at, g.id
on conflict (id) do nothing
returning id
