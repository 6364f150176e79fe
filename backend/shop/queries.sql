-- name: reporting_currency
select currency from reporting

-- name: claim_currency
-- Whoever comes first decides. The update that changes nothing answers what was decided, also when somebody else did
-- so after this statement began.
insert into reporting as r (currency) values (%(currency)s)
on conflict (only_row) do update set currency = r.currency returning currency

-- name: put_orders
-- The last message about an order wins, unless an older one (by updated_at) comes late. An order that is settled stays
-- so when a later message does not say. Amounts are converted here, once, so that rows always add up to the figure.
with given as (
    select distinct on (id) g.*
    from unnest(%(id)s::text[], %(placed_at)s::timestamptz[], %(settled_at)s::timestamptz[], %(customer_id)s::text[],
        %(country)s::text[], %(currency)s::text[], %(minor)s::bigint[], %(shift)s::int[], %(updated_at)s::timestamptz[],
        %(given)s::jsonb[], %(tax)s::jsonb[]) with ordinality
        as g(id, placed_at, settled_at, customer_id, country, currency, minor, shift, updated_at, given, tax, n)
    order by id, updated_at desc nulls last, n desc
),
put as (
    insert into orders as o (id, placed_at, settled_at, customer_id, country, currency, minor, reporting_minor, updated_at,
        given, tax)
    select g.id, g.placed_at, g.settled_at, g.customer_id, g.country, g.currency, g.minor,
        case when g.currency = (select currency from reporting) then g.minor
             else converted(g.minor, r.rate, g.shift) end,
        g.updated_at, g.given, g.tax
    from given g
    left join currency_rate r on r.currency = g.currency and r.day = (g.placed_at at time zone 'UTC')::date
    order by g.id
    on conflict (id) do update set
        placed_at = excluded.placed_at,
        settled_at = case when excluded.settled_at is null and o.settled_at >= excluded.placed_at then o.settled_at
                          else excluded.settled_at end,
        customer_id = excluded.customer_id,
        country = excluded.country,
        currency = excluded.currency,
        minor = excluded.minor,
        reporting_minor = excluded.reporting_minor,
        updated_at = coalesce(excluded.updated_at, o.updated_at),
        given = excluded.given,
        tax = coalesce(excluded.tax, o.tax)
    where (excluded.updated_at is null or o.updated_at is null or excluded.updated_at >= o.updated_at)
        and (o.placed_at, coalesce(excluded.settled_at, o.settled_at), o.customer_id, o.country, o.currency, o.minor,
             o.reporting_minor, o.tax)
            is distinct from (excluded.placed_at, o.settled_at, excluded.customer_id, excluded.country, excluded.currency,
             excluded.minor, excluded.reporting_minor, coalesce(excluded.tax, o.tax))
    returning new.id, old.id is null as inserted, old.placed_at as old_placed, old.settled_at as old_settled,
        old.reporting_minor as old_minor, new.placed_at as new_placed, new.settled_at as new_settled,
        new.reporting_minor as new_minor
),
changes as (
    select hour_end(new_placed) as hour, 1 as orders, coalesce(new_minor, 0) as minor, (new_minor is null)::int as unconverted,
        0 as settled from put
    union all select hour_end(old_placed), -1, -coalesce(old_minor, 0), -(old_minor is null)::int, 0 from put
        where not inserted
    union all select hour_end(new_settled), 0, 0, 0, 1 from put where new_settled is not null
    union all select hour_end(old_settled), 0, 0, 0, -1 from put where old_settled is not null
),
noted as (
    insert into rollup_delta (hour, orders, orders_minor, orders_unconverted, settled)
    select hour, sum(orders), sum(minor), sum(unconverted), sum(settled) from changes group by hour
    having (sum(orders), sum(minor), sum(unconverted), sum(settled)) <> (0, 0, 0, 0)
),
pending as (insert into risk_pending (placed_at, order_id) select new_placed, id from put where inserted),
taxed as (insert into tax_inbox (order_id) select id from put)
select count(*) filter (where inserted), count(*) filter (where not inserted) from put

-- name: put_refunds
with given as (
    select distinct on (id) g.*
    from unnest(%(id)s::text[], %(order_id)s::text[], %(customer_id)s::text[], %(refunded_at)s::timestamptz[],
        %(country)s::text[], %(currency)s::text[], %(minor)s::bigint[], %(shift)s::int[], %(updated_at)s::timestamptz[],
        %(given)s::jsonb[], %(tax)s::jsonb[]) with ordinality
        as g(id, order_id, customer_id, refunded_at, country, currency, minor, shift, updated_at, given, tax, n)
    order by id, updated_at desc nulls last, n desc
),
put as (
    insert into refunds as f (id, order_id, customer_id, refunded_at, country, currency, minor, reporting_minor, updated_at,
        given, tax)
    select g.id, g.order_id, coalesce(g.customer_id, o.customer_id), g.refunded_at, g.country, g.currency, g.minor,
        case when g.currency = (select currency from reporting) then g.minor
             else converted(g.minor, r.rate, g.shift) end,
        g.updated_at, g.given, g.tax
    from given g
    left join orders o on o.id = g.order_id
    left join currency_rate r on r.currency = g.currency and r.day = (g.refunded_at at time zone 'UTC')::date
    order by g.id
    on conflict (id) do update set
        order_id = excluded.order_id,
        customer_id = coalesce(excluded.customer_id, f.customer_id),
        refunded_at = excluded.refunded_at,
        country = excluded.country,
        currency = excluded.currency,
        minor = excluded.minor,
        reporting_minor = excluded.reporting_minor,
        updated_at = coalesce(excluded.updated_at, f.updated_at),
        given = excluded.given,
        tax = coalesce(excluded.tax, f.tax)
    where (excluded.updated_at is null or f.updated_at is null or excluded.updated_at >= f.updated_at)
        and (f.order_id, f.customer_id, f.refunded_at, f.country, f.currency, f.minor, f.reporting_minor, f.tax)
            is distinct from (excluded.order_id, coalesce(excluded.customer_id, f.customer_id), excluded.refunded_at,
             excluded.country, excluded.currency, excluded.minor, excluded.reporting_minor,
             coalesce(excluded.tax, f.tax))
    returning old.order_id as old_order, new.order_id as new_order, old.id is null as inserted, old.refunded_at as old_at, old.reporting_minor as old_minor,
        new.refunded_at as new_at, new.reporting_minor as new_minor
),
changes as (
    select hour_end(new_at) as hour, 1 as refunds, coalesce(new_minor, 0) as minor, (new_minor is null)::int as unconverted
        from put
    union all select hour_end(old_at), -1, -coalesce(old_minor, 0), -(old_minor is null)::int from put where not inserted
),
noted as (
    insert into rollup_delta (hour, refunds, refunds_minor, refunds_unconverted)
    select hour, sum(refunds), sum(minor), sum(unconverted) from changes group by hour
    having (sum(refunds), sum(minor), sum(unconverted)) <> (0, 0, 0)
),
taxed as (
    insert into tax_inbox (order_id)
    select new_order from put where new_order is not null
    union all select old_order from put where old_order is not null and old_order is distinct from new_order
)
select count(*) filter (where inserted), count(*) filter (where not inserted) from put

-- name: put_downloads
-- One that had failed and has succeeded since keeps until when it had failed, and why.
with given as (
    select distinct on (id) g.*
    from unnest(%(id)s::text[], %(downloaded_at)s::timestamptz[], %(product)s::text[], %(country)s::text[],
        %(succeeded)s::boolean[], %(failure)s::text[], %(given)s::jsonb[])
        with ordinality as g(id, downloaded_at, product, country, succeeded, failure, given, n)
    order by id, n desc
),
put as (
    insert into downloads as d (id, downloaded_at, product, country, succeeded, failure, given)
    select id, downloaded_at, product, country, succeeded, failure, given from given order by id
    on conflict (id) do update set
        downloaded_at = excluded.downloaded_at,
        product = excluded.product,
        country = excluded.country,
        succeeded = excluded.succeeded,
        failure = excluded.failure,
        failed_until = case when not excluded.succeeded then null when d.succeeded then d.failed_until
                            else clock_timestamp() end,
        failure_then = case when not excluded.succeeded then null when d.succeeded then d.failure_then
                            else d.failure end,
        given = excluded.given
    where (d.downloaded_at, d.product, d.country, d.succeeded, d.failure)
        is distinct from (excluded.downloaded_at, excluded.product, excluded.country, excluded.succeeded, excluded.failure)
    returning old.id is null as inserted, old.downloaded_at as old_at, old.succeeded as old_ok,
        new.downloaded_at as new_at, new.succeeded as new_ok
),
changes as (
    select hour_end(new_at) as hour, 1 as downloads, (not new_ok)::int as failed from put
    union all select hour_end(old_at), -1, -(not old_ok)::int from put where not inserted
),
noted as (
    insert into rollup_delta (hour, downloads, failed)
    select hour, sum(downloads), sum(failed) from changes group by hour having (sum(downloads), sum(failed)) <> (0, 0)
)
select count(*) filter (where inserted), count(*) filter (where not inserted) from put

-- name: put_community
with given as (
    select distinct on (id) g.*
    from unnest(%(id)s::text[], %(metric)s::text[], %(observed_at)s::timestamptz[], %(value)s::bigint[],
        %(given)s::jsonb[]) with ordinality as g(id, metric, observed_at, value, given, n)
    order by id, n desc
),
put as (
    insert into community_reading as c (id, metric, observed_at, value, given)
    select id, metric, observed_at, value, given from given order by id
    on conflict (id) do update set metric = excluded.metric, observed_at = excluded.observed_at, value = excluded.value,
        given = excluded.given
    where (c.metric, c.observed_at, c.value) is distinct from (excluded.metric, excluded.observed_at, excluded.value)
    returning old.id is null as inserted
)
select count(*) filter (where inserted), count(*) filter (where not inserted) from put

-- name: put_rates
with given as (
    select distinct on (currency, day) g.*
    from unnest(%(currency)s::text[], %(day)s::date[], %(rate)s::numeric[]) with ordinality as g(currency, day, rate, n)
    order by currency, day, n desc
),
put as (
    insert into currency_rate as c (currency, day, rate)
    select currency, day, rate from given order by currency, day
    on conflict (currency, day) do update set rate = excluded.rate where c.rate <> excluded.rate
    returning old.currency is null as inserted
)
select count(*) filter (where inserted), count(*) filter (where not inserted) from put

-- name: lock_rates
-- A rate and an order of its day must not pass each other: ingest holds this shared, a change of rates alone.
select pg_advisory_xact_lock(7261903356)

-- name: lock_rates_shared
select pg_advisory_xact_lock_shared(7261903356)

-- name: reconvert_orders
with rated as (
    select o.id, converted(o.minor, r.rate, g.shift) as minor
    from unnest(%(currency)s::text[], %(day)s::date[], %(shift)s::int[]) as g(currency, day, shift)
    join currency_rate r using (currency, day)
    join orders o on o.currency = g.currency
        and o.placed_at >= (g.day::timestamp at time zone 'UTC') and o.placed_at < ((g.day + 1)::timestamp at time zone 'UTC')
    where g.currency <> (select currency from reporting)
),
changed as (
    update orders o set reporting_minor = r.minor from rated r
    where o.id = r.id and o.reporting_minor is distinct from r.minor
    returning hour_end(new.placed_at) as hour, coalesce(new.reporting_minor, 0) - coalesce(old.reporting_minor, 0) as minor,
        (old.reporting_minor is null)::int - (new.reporting_minor is null)::int as known
),
noted as (
    insert into rollup_delta (hour, orders_minor, orders_unconverted)
    select hour, sum(minor), -sum(known) from changed group by hour
)
select count(*) from changed

-- name: reconvert_refunds
with rated as (
    select f.id, converted(f.minor, r.rate, g.shift) as minor
    from unnest(%(currency)s::text[], %(day)s::date[], %(shift)s::int[]) as g(currency, day, shift)
    join currency_rate r using (currency, day)
    join refunds f on f.currency = g.currency
        and f.refunded_at >= (g.day::timestamp at time zone 'UTC')
        and f.refunded_at < ((g.day + 1)::timestamp at time zone 'UTC')
    where g.currency <> (select currency from reporting)
),
changed as (
    update refunds f set reporting_minor = r.minor from rated r
    where f.id = r.id and f.reporting_minor is distinct from r.minor
    returning hour_end(new.refunded_at) as hour, coalesce(new.reporting_minor, 0) - coalesce(old.reporting_minor, 0) as minor,
        (old.reporting_minor is null)::int - (new.reporting_minor is null)::int as known
),
noted as (
    insert into rollup_delta (hour, refunds_minor, refunds_unconverted)
    select hour, sum(minor), -sum(known) from changed group by hour
)
select count(*) from changed

-- name: quarantine
insert into quarantine (kind, source_id, source_row, errors, sent_by, request_id)
select %(kind)s, q.source_id, q.source_row, q.errors, %(sent_by)s, %(request_id)s
from unnest(%(source_id)s::text[], %(source_row)s::jsonb[], %(errors)s::jsonb[]) as q(source_id, source_row, errors)

-- name: try_fold_lock
select pg_try_advisory_xact_lock(7261903357)

-- name: fold
-- One statement takes the differences and adds them to hours and days: rollup + delta is exact in every snapshot.
with taken as (delete from rollup_delta returning *),
hours as (
    select hour, sum(orders) as orders, sum(orders_minor) as orders_minor, sum(orders_unconverted) as orders_unconverted,
        sum(settled) as settled, sum(refunds) as refunds, sum(refunds_minor) as refunds_minor,
        sum(refunds_unconverted) as refunds_unconverted, sum(downloads) as downloads, sum(failed) as failed
    from taken group by hour
),
days as (
    select day_end(hour) as day, sum(orders) as orders, sum(orders_minor) as orders_minor,
        sum(orders_unconverted) as orders_unconverted, sum(settled) as settled, sum(refunds) as refunds,
        sum(refunds_minor) as refunds_minor, sum(refunds_unconverted) as refunds_unconverted,
        sum(downloads) as downloads, sum(failed) as failed
    from hours group by 1
),
into_hours as (
    insert into rollup_hour as t select * from hours order by hour
    on conflict (hour) do update set orders = t.orders + excluded.orders, orders_minor = t.orders_minor + excluded.orders_minor,
        orders_unconverted = t.orders_unconverted + excluded.orders_unconverted, settled = t.settled + excluded.settled,
        refunds = t.refunds + excluded.refunds, refunds_minor = t.refunds_minor + excluded.refunds_minor,
        refunds_unconverted = t.refunds_unconverted + excluded.refunds_unconverted,
        downloads = t.downloads + excluded.downloads, failed = t.failed + excluded.failed
),
into_days as (
    insert into rollup_day as t select * from days order by day
    on conflict (day) do update set orders = t.orders + excluded.orders, orders_minor = t.orders_minor + excluded.orders_minor,
        orders_unconverted = t.orders_unconverted + excluded.orders_unconverted, settled = t.settled + excluded.settled,
        refunds = t.refunds + excluded.refunds, refunds_minor = t.refunds_minor + excluded.refunds_minor,
        refunds_unconverted = t.refunds_unconverted + excluded.refunds_unconverted,
        downloads = t.downloads + excluded.downloads, failed = t.failed + excluded.failed
)
select count(*) from taken

-- name: note_everything
-- Differences of all raw rows at once, for bulk loads into empty tables that bypassed the statements above.
insert into rollup_delta (hour, orders, orders_minor, orders_unconverted, settled, refunds, refunds_minor,
    refunds_unconverted, downloads, failed)
select hour, sum(o), sum(om), sum(ou), sum(s), sum(r), sum(rm), sum(ru), sum(d), sum(f) from (
    select hour_end(placed_at) as hour, count(*) as o, coalesce(sum(reporting_minor), 0) as om,
        count(*) filter (where reporting_minor is null) as ou, 0 as s, 0 as r, 0 as rm, 0 as ru, 0 as d, 0 as f
        from orders group by 1
    union all select hour_end(settled_at), 0, 0, 0, count(*), 0, 0, 0, 0, 0 from orders where settled_at is not null group by 1
    union all select hour_end(refunded_at), 0, 0, 0, 0, count(*), coalesce(sum(reporting_minor), 0),
        count(*) filter (where reporting_minor is null), 0, 0 from refunds group by 1
    union all select hour_end(downloaded_at), 0, 0, 0, 0, 0, 0, 0, count(*), count(*) filter (where not succeeded)
        from downloads group by 1
) all_rows
group by hour

-- name: insert_rates
insert into currency_rate (currency, day, rate)
select * from unnest(%(currency)s::text[], %(day)s::date[], %(rate)s::numeric[])
on conflict (currency, day) do nothing

-- name: known_for_import
-- Of some ids: which are orders, and when the refund that an earlier import kept under such an id was made.
select g.id, o.id is not null, f.refunded_at
  from unnest(%(ids)s::text[]) as g(id)
  left join orders as o on o.id = g.id
  left join refunds as f on f.id = g.id
 where o.id is not null or f.id is not null

-- name: lock_import
-- One import at a time: two would wait for each other's rows, and whoever waits longer would be told of a record.
select pg_try_advisory_xact_lock(hashtext('opsconsole.import'))

-- name: count_orders
select count(*) from orders where id = any(%(ids)s::text[])

-- name: doubtful_refunds
-- Of some refunds: what does not fit their orders; each refund or order once for each thing.
with these as (
    select f.id, f.order_id, f.refunded_at, f.currency, o.id as known, o.placed_at, o.currency as order_currency,
        o.minor
      from refunds as f left join orders as o on o.id = f.order_id
     where f.id = any(%(ids)s::text[])
)
select 'unknown' as what, coalesce(order_id, id) as number from these where known is null
union all
select 'currency', id from these where currency <> order_currency
union all
select 'before', id from these where refunded_at < placed_at
union all
select 'more', s.order_id
  from (select distinct order_id, minor, order_currency from these where known is not null) as s
  join refunds as f on f.order_id = s.order_id and f.currency = s.order_currency
 group by s.order_id, s.minor having sum(f.minor) > s.minor
 order by what, number
