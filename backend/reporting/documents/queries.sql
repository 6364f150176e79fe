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
