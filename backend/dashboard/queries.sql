-- name: clock
select now()

-- name: sums
-- Everything the figures are made of, in one snapshot: whole days, whole hours where days do not fit, raw rows where
-- hours do not fit, what was open before the first day, and old orders that are still open.
with mark as materialized (
    select at, date_bin('24 hours', at, timestamptz '2000-01-01 00:00:00+00') as day,
        date_bin('1 hour', at, timestamptz '2000-01-01 00:00:00+00') as hour
    from unnest(%(points)s::timestamptz[]) as at
),
delta as materialized (select * from rollup_delta),
ends as materialized (select min(day) as low, max(day) as high from mark)
select 'day' as kind, day as at, sum(orders)::bigint, sum(orders_minor)::bigint, sum(orders_unconverted)::bigint,
    sum(settled)::bigint, sum(refunds)::bigint, sum(refunds_minor)::bigint, sum(refunds_unconverted)::bigint,
    sum(downloads)::bigint, sum(failed)::bigint
from (
    select * from rollup_day where day > (select low from ends) and day <= (select high from ends)
    union all
    select day_end(hour), orders, orders_minor, orders_unconverted, settled, refunds, refunds_minor, refunds_unconverted,
        downloads, failed
    from delta where day_end(hour) > (select low from ends) and day_end(hour) <= (select high from ends)
) days
group by day
union all
select 'hour', hour, sum(orders), sum(orders_minor), sum(orders_unconverted), sum(settled), sum(refunds),
    sum(refunds_minor), sum(refunds_unconverted), sum(downloads), sum(failed)
from unnest(%(lows)s::timestamptz[], %(highs)s::timestamptz[]) as span(low, high)
cross join lateral (
    select * from rollup_hour where hour > span.low and hour <= span.high
    union all
    select * from delta where hour > span.low and hour <= span.high
) hours
group by hour
union all
select 'raw', at, o.number, o.minor, o.unconverted, s.number, r.number, r.minor, r.unconverted, d.number, d.failed
from mark,
    lateral (select count(*) as number, coalesce(sum(reporting_minor), 0) as minor,
        count(*) - count(reporting_minor) as unconverted from orders where placed_at > hour and placed_at <= at) o,
    lateral (select count(*) as number from orders where settled_at > hour and settled_at <= at) s,
    lateral (select count(*) as number, coalesce(sum(reporting_minor), 0) as minor,
        count(*) - count(reporting_minor) as unconverted from refunds where refunded_at > hour and refunded_at <= at) r,
    lateral (select count(*) as number, count(*) filter (where not succeeded) as failed
        from downloads where downloaded_at > hour and downloaded_at <= at) d
where at > hour
union all
select 'base', (select low from ends), sum(orders)::bigint, 0, 0, sum(settled)::bigint, 0, 0, 0, 0, 0
from (
    select orders, settled from rollup_day where day <= (select low from ends)
    union all
    select orders, settled from delta where day_end(hour) <= (select low from ends)
) before
having count(*) > 0
union all
select 'old', seen, count(*), 0, 0, 0, 0, 0, 0, 0, 0
from unnest(%(seen)s::timestamptz[], %(since)s::timestamptz[]) as looked(seen, since)
join orders o on o.placed_at <= since and (o.settled_at is null or o.settled_at - o.placed_at > interval '7 days')
    and (o.settled_at is null or o.settled_at > seen)
group by seen

-- name: pending_recent
select count(*) from orders where placed_at > %(since)s and placed_at <= %(seen)s
    and (settled_at is null or settled_at > %(seen)s)

-- name: sources
select (select max(placed_at) from orders where placed_at <= %(as_of)s),
    (select max(refunded_at) from refunds where refunded_at <= %(as_of)s),
    (select max(downloaded_at) from downloads where downloaded_at <= %(as_of)s),
    (select max(observed_at) from community_reading where metric = 'discord' and observed_at <= %(as_of)s),
    (select max(observed_at) from community_reading where metric = 'showcases' and observed_at <= %(as_of)s)

-- name: community
-- The latest value of both figures at each instant, with when it was observed.
select d.value, d.observed_at, s.value, s.observed_at
from unnest(%(points)s::timestamptz[]) with ordinality as point(at, n)
left join lateral (select value, observed_at from community_reading
    where metric = 'discord' and observed_at <= at order by observed_at desc, id desc limit 1) d on true
left join lateral (select value, observed_at from community_reading
    where metric = 'showcases' and observed_at <= at order by observed_at desc, id desc limit 1) s on true
order by n

-- name: missing_rates
select currency, (at at time zone 'UTC')::date, count(*) filter (where ordered), count(*) filter (where not ordered)
from (
    select currency, placed_at as at, true as ordered from orders
        where reporting_minor is null and placed_at > %(since)s and placed_at <= %(as_of)s
    union all
    select currency, refunded_at, false from refunds
        where reporting_minor is null and refunded_at > %(since)s and refunded_at <= %(as_of)s
) unconverted
group by 1, 2 order by 2 desc, 1 limit 20

-- name: quarantined
select kind, count(*) from quarantine where received_at > %(since)s and received_at <= %(as_of)s group by kind order by kind

-- name: orders_page
select id, placed_at, case when settled_at <= %(to)s then settled_at end as settled_at,
    case when settled_at <= %(to)s then 'settled' else 'pending' end as status, customer_id, country, currency,
    minor as total, reporting_minor as reporting_total
from orders
where placed_at > %(from)s and placed_at <= %(to)s
    and (%(country)s::text is null or country = %(country)s)
    and (%(status)s::text is null or (coalesce(settled_at <= %(to)s, false)) = (%(status)s = 'settled'))
    and (%(at)s::timestamptz is null or (placed_at, id) < (%(at)s, %(id)s::text))
order by placed_at desc, id desc limit %(limit)s

-- name: orders_summary
select count(*), coalesce(sum(reporting_minor), 0)::bigint, count(*) - count(reporting_minor), null::bigint
from orders
where placed_at > %(from)s and placed_at <= %(to)s
    and (%(country)s::text is null or country = %(country)s)
    and (%(status)s::text is null or (coalesce(settled_at <= %(to)s, false)) = (%(status)s = 'settled'))

-- name: refunds_page
select id, order_id, refunded_at, country, currency, minor as amount, reporting_minor as reporting_amount
from refunds
where refunded_at > %(from)s and refunded_at <= %(to)s
    and (%(country)s::text is null or country = %(country)s)
    and (%(at)s::timestamptz is null or (refunded_at, id) < (%(at)s, %(id)s::text))
order by refunded_at desc, id desc limit %(limit)s

-- name: refunds_summary
select count(*), coalesce(sum(reporting_minor), 0)::bigint, count(*) - count(reporting_minor), null::bigint
from refunds
where refunded_at > %(from)s and refunded_at <= %(to)s and (%(country)s::text is null or country = %(country)s)

-- name: downloads_page
select id, downloaded_at, product, country, succeeded, failure
from downloads
where downloaded_at > %(from)s and downloaded_at <= %(to)s
    and (%(country)s::text is null or country = %(country)s)
    and (%(status)s::text is null or succeeded = (%(status)s = 'succeeded'))
    and (%(at)s::timestamptz is null or (downloaded_at, id) < (%(at)s, %(id)s::text))
order by downloaded_at desc, id desc limit %(limit)s

-- name: downloads_summary
select count(*), null::bigint, 0, count(*) filter (where not succeeded)
from downloads
where downloaded_at > %(from)s and downloaded_at <= %(to)s
    and (%(country)s::text is null or country = %(country)s)
    and (%(status)s::text is null or succeeded = (%(status)s = 'succeeded'))

-- name: community_page
select id, metric, observed_at, value
from community_reading
where observed_at > %(from)s and observed_at <= %(to)s
    and (%(status)s::text is null or metric = %(status)s)
    and (%(at)s::timestamptz is null or (observed_at, id) < (%(at)s, %(id)s::text))
order by observed_at desc, id desc limit %(limit)s

-- name: community_summary
select count(*), null::bigint, 0, null::bigint
from community_reading
where observed_at > %(from)s and observed_at <= %(to)s and (%(status)s::text is null or metric = %(status)s)
