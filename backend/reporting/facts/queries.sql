-- name: lock_counter
-- One writer of numbers at a time, so that what lies at or below a number never changes. A statement of its own: the
-- next one sees what the writer before has done.
select last from tax_counter for update

-- name: registered
select exists (select from tax_registration)

-- name: discard_inbox
-- Nobody files anything yet; a first registration has every order looked at.
delete from tax_inbox where ctid = any (array(select ctid from tax_inbox limit %(limit)s))

-- name: begin_refold
update tax_counter set refold_after = ''

-- name: refold
with page as (select id from orders where id > (select refold_after from tax_counter) order by id limit %(limit)s),
queued as (insert into tax_inbox (order_id) select id from page)
update tax_counter set refold_after = (select max(id) from page) where refold_after is not null
returning refold_after is not null as more

-- name: fold
-- Difference between what the documents of some orders say now and what the facts say of them.
with taken as (
    delete from tax_inbox
     where ctid = any (array(select ctid from tax_inbox where order_id = any (%(only)s::text[]))) or ctid = any (array(
           select ctid from tax_inbox where %(only)s::text[] is null and order_id <> all (%(held)s::text[])
            limit %(limit)s))
    returning order_id
),
touched as materialized (select distinct order_id from taken),
main as (select zone, begins from tax_registration order by begins, region limit 1),
document as (
    select 'order' as source, o.id as source_id, o.id as order_id, 1 as sign, o.placed_at, o.placed_at as happened_at,
           (o.tax ->> 'date')::date as said, o.country, o.currency, o.minor, o.tax, o.tax as order_tax
      from touched as t join orders as o on o.id = t.order_id
    union all
    -- A refund of an order that is not known waits: it comes again with its order.
    select 'refund', f.id, o.id, -1, o.placed_at, f.refunded_at, (o.tax ->> 'date')::date, o.country, f.currency,
           f.minor, f.tax, o.tax
      from touched as t join refunds as f on f.order_id = t.order_id join orders as o on o.id = f.order_id
),
line as (
    select d.source, d.source_id, d.order_id, d.sign, d.placed_at, d.happened_at, d.said, d.currency,
           l.jurisdiction as place, l.kind, trim_scale(l.rate) as rate, l.net, l.tax, true as attributed,
           coalesce(d.order_tax ->> 'status' = 'business' and (d.order_tax ->> 'vatIdValid')::boolean, false) as business
      from document as d
     cross join jsonb_to_recordset(d.tax -> 'lines')
             as l(jurisdiction text, kind text, rate numeric, net bigint, tax bigint)
    union all
    select d.source, d.source_id, d.order_id, d.sign, d.placed_at, d.happened_at, d.said, d.currency,
           case d.country when 'GR' then 'EL' else d.country end, null, null, d.minor, 0, false, false
      from document as d where d.tax is null
),
territory as (
    select l.*, coalesce(part.region, whole.region) as region,
           coalesce(part.state, whole.state, case when l.attributed then l.place end) as state
      from line as l
      left join tax_territory as part on part.code = l.place
      left join tax_territory as whole on part.code is null and whole.code = split_part(l.place, '-', 1)
),
dated as (
    select t.*, r.region as registered, r.regime, r.home, r.ends, coalesce(r.begins, m.begins) as begins,
           coalesce(r.zone, m.zone) as zone,
           coalesce(t.said, (t.placed_at at time zone coalesce(r.zone, m.zone))::date) as tax_date
      from territory as t
      left join tax_registration as r on r.region = t.region
     cross join main as m
),
placed as (
    select source, source_id, order_id, tax_date,
           case source when 'order' then tax_date else (happened_at at time zone zone)::date end as event_date,
           case when tax_date < begins then 'before'
                when not attributed then 'unattributable'
                when registered is null or tax_date > ends then 'elsewhere'
                when regime = 'eu-oss' and state = home then 'home'
                when regime = 'eu-oss' and business then 'business'
                else 'taxed' end as bucket,
           registered as region, state, kind, rate, currency, zone, sign * net as net, sign * tax as tax
      from dated
),
-- What a chargeback takes back is what refunds left, and never more.
left_over as (
    select order_id, tax_date, bucket, region, state, kind, rate, currency, zone, greatest(sum(net), 0) as net,
           greatest(sum(tax), 0) as tax
      from placed group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),
chargeback as (
    select distinct on (c.order_id) c.id, c.order_id, c.happened_at
      from touched as t join risk_outcome as c on c.order_id = t.order_id
     where c.withdrawn_at is null and c.kind <> 'fraud_refund'
     order by c.order_id, c.happened_at, c.id
),
want as (
    select source, source_id, order_id, tax_date, event_date, bucket, region, state, kind, rate, currency, net, tax
      from placed
    union all
    select 'chargeback', c.id, l.order_id, l.tax_date, (c.happened_at at time zone l.zone)::date, l.bucket, l.region,
           l.state, l.kind, l.rate, l.currency, -l.net, -l.tax
      from left_over as l join chargeback as c using (order_id)
    union all
    select c.source, f.source_id, f.order_id, f.tax_date, f.event_date, c.bucket, c.region, c.state, c.kind, c.rate,
           c.currency, -f.net, -f.tax
      from touched as t join tax_fact as f on f.order_id = t.order_id join tax_cell as c on c.id = f.cell
),
difference as materialized (
    select source, source_id, order_id, tax_date, event_date, bucket, region, state, kind, rate, currency,
           date_trunc('month', tax_date::timestamp)::date as tax_month,
           date_trunc('month', event_date::timestamp)::date as event_month,
           sum(net)::bigint as net, sum(tax)::bigint as tax
      from want group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    having (sum(net), sum(tax)) <> (0, 0)
),
new_cell as (
    insert into tax_cell (source, bucket, region, state, kind, rate, currency, tax_month, event_month)
    select distinct source, bucket, region, state, kind, rate, currency, tax_month, event_month from difference
    on conflict do nothing
    returning id, source, bucket, region, state, kind, rate, currency, tax_month, event_month
),
cell as (
    select id, source, bucket, region, state, kind, rate, currency, tax_month, event_month from tax_cell
    union all
    select id, source, bucket, region, state, kind, rate, currency, tax_month, event_month from new_cell
),
numbered as (
    select (select last from tax_counter)
           + row_number() over (order by d.order_id, d.source, d.source_id, d.tax_date, d.event_date, c.id) as seq,
           d.order_id, d.source_id, d.tax_date, d.event_date, c.id as cell, d.net, d.tax
      from difference as d
      join cell as c
        on c.source = d.source and c.bucket = d.bucket and c.currency = d.currency
       and c.tax_month = d.tax_month and c.event_month = d.event_month
       and coalesce(c.region, '') = coalesce(d.region, '') and coalesce(c.state, '') = coalesce(d.state, '')
       and coalesce(c.kind, '') = coalesce(d.kind, '') and coalesce(c.rate, -1) = coalesce(d.rate, -1)
),
written as (insert into tax_fact select * from numbered returning seq),
known as (
    insert into tax_step (last, kind, known_at)
    select max(seq), 'facts', coalesce(%(at)s::timestamptz, clock_timestamp()) from written having count(*) > 0
),
counted as (
    update tax_counter set last = last + w.facts from (select count(*) as facts from written) as w where w.facts > 0
)
select (select count(*) from taken), (select count(*) from written)

-- name: next_orders
select order_id from tax_inbox where order_id <> all (%(held)s::text[]) limit %(limit)s

-- name: close_stretch
with following as (
    select closed as stretch, closed * 100000::bigint as after from tax_counter where (closed + 1) * 100000::bigint <= last
),
sums as (
    insert into tax_stretch
    select n.stretch, f.cell, sum(f.net), sum(f.tax), count(*)
      from following as n join tax_fact as f on f.seq > n.after and f.seq <= n.after + 100000
     group by 1, 2
)
update tax_counter set closed = closed + 1 from following returning closed

-- name: wrong_sums
-- Cells of which the closed stretches do not come to what all their facts come to: every fact is read.
with facts as (
    select f.cell, sum(f.net) as net, sum(f.tax) as tax, count(*) as facts
      from tax_fact as f where f.seq <= (select closed from tax_counter) * 100000::bigint group by 1
),
sums as (
    select cell, sum(net) as net, sum(tax) as tax, sum(facts) as facts from tax_stretch group by 1
)
select count(*) from facts full join sums using (cell)
 where (facts.net, facts.tax, facts.facts) is distinct from (sums.net, sums.tax, sums.facts)

-- name: cut_now
select last from tax_counter

-- name: cut_at
select coalesce(max(last), 0) from tax_step where known_at <= %(at)s

-- name: waiting
-- What the facts do not hold yet.
select (select count(*) from tax_inbox), (select refold_after is not null from tax_counter)
