-- name: sums
-- Everything the figures are made of, in one snapshot: whole days, whole hours where days do not fit, raw rows where
-- hours do not fit, what was open before the first day, and old orders that are still open. Of a past instant (seen_at)
-- the downloads that were completed after it had still failed.
with mark as materialized (
    select at, date_bin('24 hours', at, timestamptz '2000-01-01 00:00:00+00') as day,
        date_bin('1 hour', at, timestamptz '2000-01-01 00:00:00+00') as hour
    from unnest(%(points)s::timestamptz[]) as at
),
delta as materialized (
    select * from rollup_delta
    union all
    select hour_end(downloaded_at), 0, 0, 0, 0, 0, 0, 0, 0, count(*)
    from downloads where failed_until > %(seen_at)s::timestamptz group by 1
),
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
select 'hour', hour, sum(orders)::bigint, sum(orders_minor)::bigint, sum(orders_unconverted)::bigint,
    sum(settled)::bigint, sum(refunds)::bigint, sum(refunds_minor)::bigint, sum(refunds_unconverted)::bigint,
    sum(downloads)::bigint, sum(failed)::bigint
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
    lateral (select count(*) as number, coalesce(sum(reporting_minor), 0)::bigint as minor,
        count(*) - count(reporting_minor) as unconverted from orders where placed_at > hour and placed_at <= at) o,
    lateral (select count(*) as number from orders where settled_at > hour and settled_at <= at
        and at = any(%(settled_at)s::timestamptz[])) s,
    lateral (select count(*) as number, coalesce(sum(reporting_minor), 0)::bigint as minor,
        count(*) - count(reporting_minor) as unconverted from refunds where refunded_at > hour and refunded_at <= at) r,
    lateral (select count(*) as number,
        count(*) filter (where not succeeded or failed_until > %(seen_at)s::timestamptz) as failed
        from downloads where downloaded_at > hour and downloaded_at <= at
            and at = any(%(downloads_at)s::timestamptz[])) d
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
-- Orders placed before the range and still open at its end. The index holds those open for more than 7 days; only a
-- range below 7 days leaves younger ones, which are looked at one by one.
select 'open', seen, long.number + recent.number, 0, 0, 0, 0, 0, 0, 0, 0
from unnest(%(settled_at)s::timestamptz[], %(open_since)s::timestamptz[]) as looked(seen, since),
    lateral (select count(*) as number from orders
        where placed_at <= least(since, seen - interval '7 days')
            and (settled_at is null or settled_at - placed_at > interval '7 days')
            and (settled_at is null or settled_at > seen)) long,
    lateral (select count(*) as number from orders
        where placed_at > seen - interval '7 days' and placed_at <= since
            and (settled_at is null or settled_at > seen)) recent

-- name: sources
select (select max(placed_at) from orders where placed_at <= %(as_of)s),
    (select max(refunded_at) from refunds where refunded_at <= %(as_of)s),
    (select max(downloaded_at) from downloads where downloaded_at <= %(as_of)s),
    (select max(observed_at) from community_reading where metric = 'discord' and observed_at <= %(as_of)s),
    (select max(observed_at) from community_reading where metric = 'showcases' and observed_at <= %(as_of)s)

-- name: community_latest
-- The latest value of both figures at each instant, if it was observed after the instant's `oldest`.
select d.value, s.value
from unnest(%(points)s::timestamptz[], %(oldest)s::timestamptz[]) with ordinality as point(at, oldest, n)
left join lateral (select value from community_reading
    where metric = 'discord' and observed_at <= at and observed_at > oldest
    order by observed_at desc, id desc limit 1) d on true
left join lateral (select value from community_reading
    where metric = 'showcases' and observed_at <= at and observed_at > oldest
    order by observed_at desc, id desc limit 1) s on true
order by n
