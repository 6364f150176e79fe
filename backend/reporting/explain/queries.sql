-- name: orders_of_figure
-- The parts of a figure, each a fact; in the order of the index, behind one.
select f.seq, f.order_id, c.source, f.source_id, f.tax_date, f.event_date, c.currency, f.net, f.tax
  from tax_cell as c join tax_fact as f on f.cell = c.id
 where c.region = %(region)s and c.bucket = 'taxed' and c.state = %(state)s
   and (%(kind)s::text is null or c.kind = %(kind)s) and (%(rate)s::numeric is null or c.rate = %(rate)s)
   and case when %(by_document)s then f.event_date else f.tax_date end between %(start)s and %(end)s
   and f.seq <= %(cut)s and f.seq > %(after)s
 order by f.seq limit %(limit)s

-- name: places_of_order
select c.bucket, c.region, c.state, c.kind, c.rate::text as rate, c.source, f.source_id, f.tax_date, f.event_date,
       c.currency, f.net, f.tax,
       (select r.id::text from tax_report as r join tax_registration as g on g.region = r.region
         cross join lateral (select refund_period from tax_rule as t
                              where t.regime = g.regime and t.valid_from <= f.tax_date
                              order by valid_from desc, seq desc limit 1) as rule
         where r.region = c.region and c.bucket = 'taxed' and f.seq <= r.cut
           and r.state in ('approved', 'delivered', 'acknowledged', 'archived')
           and case rule.refund_period when 'document' then f.event_date else f.tax_date end <= r.period_end
         order by r.period_start limit 1) as report_id
  from tax_fact as f join tax_cell as c on c.id = f.cell
 where f.order_id = %(order_id)s
 order by f.seq limit 1000

-- name: evidence_of_order
select coalesce(tax -> 'evidence', '[]'::jsonb) from orders where id = %(order_id)s

-- name: filed_at
-- Returns that were live at an instant.
select l.period, l.state, sum(l.tax)::bigint
  from tax_report as r join tax_line as l on l.report_id = r.id
 where r.region = %(region)s and r.approved_at <= %(at)s and (r.rejected_at is null or r.rejected_at > %(at)s)
 group by 1, 2

-- name: rule_now
select refund_period from tax_rule where regime = %(regime)s and valid_from <= %(day)s
 order by valid_from desc, seq desc limit 1

-- name: reports_by_period
select region, period_start, id::text, state from tax_report where state <> 'rejected'

-- name: journal
-- By day, source and tax code, what was charged; of facts up to now, in the currency of the charge.
select case c.source when 'order' then f.tax_date else f.event_date end as day, c.source, c.bucket, c.region, c.state,
       c.kind, c.rate, c.currency, sum(f.net)::bigint as net, sum(f.tax)::bigint as tax
  from tax_fact as f join tax_cell as c on c.id = f.cell
 where case c.source when 'order' then f.tax_date else f.event_date end between %(start)s and %(end)s
   and f.tax_date between %(start)s::date - 400 and %(end)s::date + 400
 group by 1, 2, 3, 4, 5, 6, 7, 8 having (sum(f.net), sum(f.tax)) <> (0, 0)
 order by 1, 2, 3, 4, 5, 6, 7, 8
