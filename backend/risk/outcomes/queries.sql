-- name: put_outcomes
with given as (
    select distinct on (g.id) g.* from unnest(%(id)s::text[], %(order_id)s::text[], %(customer_id)s::text[],
                                              %(kind)s::text[], %(happened_at)s::timestamptz[], %(currency)s::text[],
                                              %(minor)s::bigint[], %(withdrawn_at)s::timestamptz[],
                                             %(given)s::jsonb[]) with ordinality
           as g(id, order_id, customer_id, kind, happened_at, currency, minor, withdrawn_at, given, n)
     order by g.id, g.withdrawn_at, g.n),
upserted as (
    insert into risk_outcome as known (id, order_id, customer_id, kind, happened_at, currency, minor, withdrawn_at,
                                       given)
    select g.id, g.order_id, coalesce(g.customer_id, r.customer_id, o.customer_id), g.kind, g.happened_at, g.currency,
           g.minor, g.withdrawn_at, g.given
      from given as g
      left join risk_order as r on r.id = g.order_id
      left join orders as o on o.id = g.order_id
     order by g.id
    on conflict (id) do update set withdrawn_at = excluded.withdrawn_at
     where known.withdrawn_at is null and excluded.withdrawn_at is not null
    returning xmax = 0 as new, known.order_id),
taxed as (insert into tax_inbox (order_id) select order_id from upserted)
select count(*) filter (where new), count(*) filter (where not new) from upserted

-- name: month_groups
-- Checked orders of a month, counted by all that the figures are made of.
select d.action, d.triggered, (d.decided_at at time zone 'UTC')::date as day, e.verdict,
       (e.verdict is not distinct from 'rejected') or exists (select from risk_fraud as f where f.order_id = o.id)
           as fraud,
       count(*), count(o.order_value), coalesce(sum(o.order_value), 0)::bigint
  from risk_decision as d
  join risk_order as o on o.id = d.order_id
  left join risk_entry as e on e.order_id = d.order_id
 where d.decided_at >= %(begin)s and d.decided_at < %(end)s
 group by 1, 2, 3, 4, 5

-- name: month_analysts
-- Whoever decided in the month, whenever the orders were checked.
select e.decided_by as user_id, person_name(e.decided_by) as name,
       count(*) filter (where e.verdict = 'approved') as approved,
       count(*) filter (where e.verdict = 'rejected') as rejected,
       coalesce(sum(e.reporting_minor), 0)::bigint as amount,
       percentile_cont(0.5) within group (order by extract(epoch from e.decided_at - e.created_at) / 60) as minutes,
       count(*) filter (where e.verdict = 'approved'
                          and exists (select from risk_fraud as f where f.order_id = e.order_id)) as missed
  from risk_entry as e
 where e.status = 'reviewed' and e.decided_at >= %(begin)s and e.decided_at < %(end)s and e.decided_by is not null
 group by 1, 2
 order by count(*) desc, 1

-- name: month_outcomes
select f.kind, f.currency, r.rate, count(*), sum(f.minor)::bigint
  from risk_fraud as f
  left join currency_rate as r on r.currency = f.currency and r.day = (f.happened_at at time zone 'UTC')::date
 where f.happened_at >= %(begin)s and f.happened_at < %(end)s
 group by 1, 2, 3

-- name: lock_reports
select pg_advisory_xact_lock(4711018092)

-- name: due
-- The month that ended, when anything was checked in it and nobody has reported it since it ended.
select %(month)s::date
 where exists (select from risk_decision where decided_at >= %(begin)s and decided_at < %(end)s)
   and not exists (select from risk_report where month = %(month)s and generated_at >= %(end)s)

-- name: put_report
insert into risk_report (month, figures, generated_by) values (%(month)s, %(figures)s, %(actor)s)
on conflict (month) do update
   set figures = excluded.figures, generated_by = excluded.generated_by, generated_at = now(),
       version = risk_report.version + 1

-- name: report
select r.id::text as report_id, to_char(r.month, 'YYYY-MM') as month, r.generated_at, r.generated_by,
       person_name(r.generated_by) as generated_by_name, r.version, r.figures
  from risk_report as r
 where r.month = %(month)s

-- name: reports_page
select r.id::text as report_id, to_char(r.month, 'YYYY-MM') as month, r.generated_at, r.generated_by,
       person_name(r.generated_by) as generated_by_name, r.version
  from risk_report as r
 where %(before)s::date is null or r.month < %(before)s
 order by r.month desc
 limit %(limit)s
