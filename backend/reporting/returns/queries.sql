-- name: figures
-- What a region's periods come to by the facts, rates and rules up to a number. Closed stretches are added up already.
with open_from as (select least(closed, %(cut)s::bigint / 100000) as stretch from tax_counter),
cell as (
    select c.id, c.source, c.state, c.kind, c.rate, c.currency, c.tax_month, c.event_month, r.regime, r.period as length, r.currency as declared
      from tax_cell as c join tax_registration as r on r.region = c.region
     where c.region = %(region)s and c.bucket = 'taxed'
),
part as (
    select s.cell, s.net, s.tax from tax_stretch as s where s.stretch < (select stretch from open_from)
    union all
    -- Added up before anything else: one number is all that they go by.
    select f.cell, sum(f.net), sum(f.tax)
      from tax_fact as f
     where f.seq > (select stretch * 100000::bigint from open_from) and f.seq <= %(cut)s
     group by 1
),
total as (select cell, sum(net) as net, sum(tax) as tax from part group by 1),
figure as (
    select date_trunc(c.length, (case rule.refund_period when 'document' then c.event_month else c.tax_month end)::timestamp
           )::date as period,
           c.length, c.declared, c.state, c.kind, c.rate, c.currency, sum(m.net)::bigint as net, sum(m.tax)::bigint as tax,
           array_agg(distinct rule.seq) as rules
      from total as m
      join cell as c on c.id = m.cell
     cross join lateral (
            select refund_period, chargeback_lowers, seq from tax_rule
             where regime = c.regime and valid_from <= c.tax_month and seq <= %(cut)s
             order by valid_from desc, seq desc limit 1) as rule
     where c.source <> 'chargeback' or rule.chargeback_lowers
     group by 1, 2, 3, 4, 5, 6, 7
),
ended as (
    select f.*, (period + (case length when 'month' then interval '1 month' else interval '3 months' end)
                 - interval '1 day')::date as last_day
      from figure as f where (net, tax) <> (0, 0) and period < %(before)s
)
select e.period, e.state, e.kind, e.rate, e.currency, e.net, e.tax, e.rules, charged.per_eur,
       charged.day as rate_day, charged.seq as rate_seq, declared.per_eur as declared_per_eur,
       tax_converted(e.net, n.numerator, n.denominator) as declared_net,
       tax_converted(e.tax, n.numerator, n.denominator) as declared_tax
  from ended as e
  left join lateral (select * from tax_published(e.currency, e.last_day, %(cut)s)) as charged on e.currency <> e.declared
  left join lateral (select * from tax_published(e.declared, e.last_day, %(cut)s)) as declared on e.currency <> e.declared
 cross join lateral (
        -- What was charged in the currency of the return is declared as it is.
        select case when e.currency = e.declared then 1
                    else declared.per_eur * 10::numeric ^ coalesce((%(decimals)s::jsonb ->> e.declared)::int, 2)
               end as numerator,
               case when e.currency = e.declared then 1
                    else charged.per_eur * 10::numeric ^ coalesce((%(decimals)s::jsonb ->> e.currency)::int, 2)
               end as denominator) as n
 order by e.period, e.state, e.kind, e.rate, e.currency

-- name: filed
-- What all live returns of a region declare, but for one of them.
select l.period, l.state, sum(l.tax)::bigint
  from tax_report as r join tax_line as l on l.report_id = r.id
 where r.region = %(region)s and r.id = any (%(returns)s::uuid[])
 group by 1, 2

-- name: live
select id, period_start, sha256, cut from tax_report
 where region = %(region)s and state in ('approved', 'delivered', 'acknowledged', 'archived')
 order by period_start

-- name: newest_live
select distinct on (region) id, region, content from tax_report
 where state in ('approved', 'delivered', 'acknowledged', 'archived') order by region, period_start desc

-- name: built_on
select id, sha256, cut from tax_report where id = any (%(returns)s::uuid[]) order by period_start

-- name: lines_of
select period, state, tax from tax_line where report_id = any (%(returns)s::uuid[])

-- name: buckets
-- What of the period is in no return, and why; by the supply's own day.
select c.bucket, c.currency, sum(f.net)::bigint, sum(f.tax)::bigint, count(distinct f.order_id)
  from tax_fact as f join tax_cell as c on c.id = f.cell
 where c.bucket <> 'taxed' and (c.region = %(region)s or c.region is null)
   and f.tax_date >= %(start)s and f.tax_date <= %(end)s and f.seq <= %(cut)s
 group by 1, 2 having (sum(f.net), sum(f.tax)) <> (0, 0)
 order by 1, 2

-- name: lock_region
select region, regime, name, number, home, zone, period, currency, begins, ends, one_evidence, owner, version
  from tax_registration where region = %(region)s for update

-- name: region
select region, regime, name, number, home, zone, period, currency, begins, ends, one_evidence, owner, version
  from tax_registration where region = %(region)s

-- name: regions
select region, regime, name, number, home, zone, period, currency, begins, ends, one_evidence, owner, version
  from tax_registration order by region

-- name: of_period
select id from tax_report where region = %(region)s and period_start = %(start)s and state <> 'rejected' for update

-- name: insert_report
insert into tax_report (region, period_start, period_end, due_on, inputs, currency, generated_by)
values (%(region)s, %(start)s, %(end)s, %(due_on)s, %(inputs)s, %(currency)s, %(actor)s) returning id

-- name: begin_again
update tax_report
   set state = 'generating', inputs = %(inputs)s, generated_by = %(actor)s, problem = null,
       requested_at = clock_timestamp(), version = version + 1
 where id = %(report_id)s

-- name: lock_report
select id from tax_report where id = %(report_id)s for update

-- name: facts_of_report
select region, period_start, period_end, state, inputs, cut, builds_on, content, sha256, generated_by, approved_by
  from tax_report where id = %(report_id)s

-- name: set_generated
update tax_report
   set state = %(state)s, cut = %(cut)s, builds_on = %(builds_on)s, content = %(content)s, sha256 = %(sha256)s,
       payable = %(payable)s, nil = %(nil)s, reconciliation = %(reconciliation)s, problem = null,
       generated_at = clock_timestamp(), version = version + 1
 where id = %(report_id)s

-- name: set_problem
update tax_report set state = 'draft', problem = %(problem)s, version = version + 1 where id = %(report_id)s

-- name: forget_lines
delete from tax_line where report_id = %(report_id)s

-- name: forget_findings
delete from tax_finding where report_id = %(report_id)s

-- name: insert_lines
insert into tax_line (report_id, n, part, period, state, kind, rate, net, tax, causes)
select %(report_id)s, l.n, l.part, l.period, l.state, l.kind, l.rate, l.net, l.tax, l.causes
  from jsonb_to_recordset(%(lines)s::jsonb) as l(n int, part text, period date, state text, kind text, rate numeric,
                                                net bigint, tax bigint, causes text[])

-- name: insert_findings
insert into tax_finding (report_id, n, what, blocking, order_id, words)
select %(report_id)s, f.n, f.what, f.blocking, f.order_id, f.words
  from jsonb_to_recordset(%(findings)s::jsonb) as f(n int, what text, blocking boolean, order_id text, words text)

-- name: set_approved
update tax_report
   set state = 'approved', approved_at = clock_timestamp(), approved_by = %(actor)s, version = version + 1
 where id = %(report_id)s

-- name: set_rejected
update tax_report
   set state = 'rejected', rejected_at = clock_timestamp(), rejected_by = %(actor)s, reason = %(reason)s,
       version = version + 1
 where id = %(report_id)s

-- name: set_delivered
update tax_report
   set state = 'delivered', delivered_at = clock_timestamp(), version = version + 1
 where id = %(report_id)s and state = 'approved'

-- name: set_acknowledged
update tax_report
   set state = 'acknowledged', acknowledged_at = clock_timestamp(), acknowledgement = %(reference)s,
       delivered_at = coalesce(delivered_at, clock_timestamp()), version = version + 1
 where id = %(report_id)s

-- name: set_archived
update tax_report set state = 'archived', archived_at = clock_timestamp(), version = version + 1
 where id = %(report_id)s

-- name: report
select r.id::text as report_id, r.region, g.regime, r.period_start, r.period_end, r.due_on, r.state, r.currency,
       r.payable, r.nil, r.cut, r.sha256,
       (select count(*) from tax_finding as f where f.report_id = r.id and f.blocking) as blockers,
       (select count(*) from tax_finding as f where f.report_id = r.id) as findings,
       (select count(*) from tax_line as l where l.report_id = r.id and l.part <> 'own') as corrections,
       r.problem, case when r.content is not null then '/api/reporting/tax/' || r.id || '/files' end as file_url,
       r.generated_at, r.generated_by, r.approved_at, r.approved_by, r.delivered_at, r.acknowledged_at,
       r.acknowledgement, r.rejected_at, r.reason, r.archived_at, r.version
  from tax_report as r join tax_registration as g on g.region = r.region
 where r.id = %(report_id)s

-- name: page
select r.id::text as report_id, r.region, g.regime, r.period_start, r.period_end, r.due_on, r.state, r.currency,
       r.payable, r.nil, r.cut, r.sha256,
       (select count(*) from tax_finding as f where f.report_id = r.id and f.blocking) as blockers,
       (select count(*) from tax_finding as f where f.report_id = r.id) as findings,
       (select count(*) from tax_line as l where l.report_id = r.id and l.part <> 'own') as corrections,
       r.problem, case when r.content is not null then '/api/reporting/tax/' || r.id || '/files' end as file_url,
       r.generated_at, r.generated_by, r.approved_at, r.approved_by, r.delivered_at, r.acknowledged_at,
       r.acknowledgement, r.rejected_at, r.reason, r.archived_at, r.version
  from tax_report as r join tax_registration as g on g.region = r.region
 where (%(region)s::text is null or r.region = %(region)s)
   and (%(day)s::date is null or %(day)s between r.period_start and r.period_end)
   and (%(state)s::text is null or r.state = %(state)s)
   and (%(start)s::date is null or (r.period_start, r.id) < (%(start)s, %(last_id)s::uuid))
 order by r.period_start desc, r.id desc
 limit %(limit)s

-- name: lines
select part, period, state, kind, rate::text as rate, net, tax, causes from tax_line
 where report_id = %(report_id)s order by n

-- name: findings
select n, what, blocking, order_id, words from tax_finding
 where report_id = %(report_id)s and n > %(after)s and (%(blocking)s::boolean is null or blocking = %(blocking)s)
 order by n limit %(limit)s
