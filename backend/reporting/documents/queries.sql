-- name: registrations
select region, regime, home, zone, begins, ends from tax_registration order by region

-- name: territories
select code, region, state from tax_territory

-- name: documents
-- Some orders with their refunds, the first chargeback that stands, and what the facts up to a number say of them.
select o.id, o.placed_at, o.country, o.currency, o.minor, o.tax,
       (select coalesce(jsonb_agg(jsonb_build_array(f.id, f.refunded_at, f.currency, f.minor, f.tax) order by f.id), '[]')
          from refunds as f where f.order_id = o.id) as refunds,
       (select jsonb_build_array(c.id, c.happened_at) from risk_outcome as c
         where c.order_id = o.id and c.withdrawn_at is null and c.kind <> 'fraud_refund'
         order by c.happened_at, c.id limit 1) as chargeback,
       (select coalesce(jsonb_agg(jsonb_build_array(e.source, e.bucket, e.region, e.state, e.kind, e.rate::text,
                                                    e.currency, f.source_id, f.tax_date, f.event_date, f.net, f.tax)), '[]')
          from tax_fact as f join tax_cell as e on e.id = f.cell
         where f.order_id = o.id and f.seq <= %(cut)s) as facts
  from unnest(%(ids)s::text[]) as wanted(id) join orders as o on o.id = wanted.id
 order by o.id

-- name: orders_of_period
-- Orders that a period may be made of: by their instant, by the date their invoice has, by what facts say of them, and
-- by what became known since the return before. Read by a cursor.
select id from orders where placed_at >= %(since)s and placed_at < %(until)s
union
select id from orders where tax ? 'date' and tax ->> 'date' between %(start)s::text and %(end)s::text
union
select f.order_id from tax_fact as f join tax_cell as c on c.id = f.cell
 where c.region = %(region)s and f.tax_date >= %(start)s::date and f.tax_date <= %(end)s::date and f.seq <= %(cut)s
union
select f.order_id from tax_fact as f join tax_cell as c on c.id = f.cell
 where c.region = %(region)s and c.source <> 'order' and f.event_date >= %(start)s::date
   and f.event_date <= %(end)s::date and f.seq <= %(cut)s
union
select order_id from tax_fact where seq > %(then)s and seq <= %(cut)s

-- name: pending
select distinct order_id from tax_inbox

-- name: rates
select currency, day, seq, per_eur from tax_exchange where day >= %(since)s

-- name: rules
select valid_from, seq, refund_period, chargeback_lowers from tax_rule where regime = %(regime)s

-- name: table
select country, kind, rate, valid_from, valid_to from tax_rate

-- name: facts_of_region
-- Every fact of a region up to a number, by document; a job reads them in stretches.
select f.seq, c.source, c.bucket, c.state, c.kind, c.rate, c.currency, f.order_id, f.tax_date, f.event_date, f.net, f.tax
  from tax_fact as f join tax_cell as c on c.id = f.cell
 where f.seq > %(after)s and f.seq <= %(cut)s and (c.region = %(region)s or c.region is null)
 order by f.seq limit %(limit)s
