-- name: problems
select 'orders' as what, currency as name, (placed_at at time zone 'UTC')::date as day, count(*)
from orders where reporting_minor is null and placed_at > %(since)s and placed_at <= %(as_of)s
group by 2, 3
union all
select 'refunds', currency, (refunded_at at time zone 'UTC')::date, count(*)
from refunds where reporting_minor is null and refunded_at > %(since)s and refunded_at <= %(as_of)s
group by 2, 3
union all
select 'quarantine', kind, null, count(*)
from quarantine where received_at > %(as_of)s - interval '24 hours' and received_at <= %(as_of)s
group by 2
order by 3 desc nulls first, 1, 2

-- name: orders
select id, placed_at, case when settled_at <= %(as_of)s then settled_at end as settled_at,
    case when settled_at <= %(as_of)s then 'settled' else 'pending' end as status, customer_id, country, currency,
    minor as total, reporting_minor as reporting_total
from orders
where placed_at > %(from)s and placed_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))
    and (%(status)s::text is null or coalesce(settled_at <= %(as_of)s, false) = (%(status)s = 'settled'))
    and (%(before_at)s::timestamptz is null or (placed_at, id) < (%(before_at)s, %(before_id)s::text))
order by placed_at desc, id desc limit %(limit)s

-- name: orders_summary
select count(*), sum(reporting_minor)::bigint, count(*) - count(reporting_minor)
from orders
where placed_at > %(from)s and placed_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))
    and (%(status)s::text is null or coalesce(settled_at <= %(as_of)s, false) = (%(status)s = 'settled'))

-- name: refunds
select id, order_id, refunded_at, country, currency, minor as amount, reporting_minor as reporting_amount
from refunds
where refunded_at > %(from)s and refunded_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))
    and (%(before_at)s::timestamptz is null or (refunded_at, id) < (%(before_at)s, %(before_id)s::text))
order by refunded_at desc, id desc limit %(limit)s

-- name: refunds_summary
select count(*), sum(reporting_minor)::bigint, count(*) - count(reporting_minor)
from refunds
where refunded_at > %(from)s and refunded_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))

-- name: downloads
select id, downloaded_at, product, country, succeeded and not failed_then as succeeded,
    case when failed_then then failure_then else failure end as failure
from downloads, lateral (select coalesce(failed_until > %(as_of)s, false) as failed_then) as t
where downloaded_at > %(from)s and downloaded_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))
    and (%(status)s::text is null or (succeeded and not failed_then) = (%(status)s = 'succeeded'))
    and (%(before_at)s::timestamptz is null or (downloaded_at, id) < (%(before_at)s, %(before_id)s::text))
order by downloaded_at desc, id desc limit %(limit)s

-- name: downloads_summary
select count(*), count(*) filter (where not succeeded or failed_then)
from downloads, lateral (select coalesce(failed_until > %(as_of)s, false) as failed_then) as t
where downloaded_at > %(from)s and downloaded_at <= %(to)s
    and (%(country)s::text is null or upper(country) = upper(%(country)s))
    and (%(status)s::text is null or (succeeded and not failed_then) = (%(status)s = 'succeeded'))

-- name: community
select id, metric, observed_at, value
from community_reading
where observed_at > %(from)s and observed_at <= %(to)s
    and (%(metric)s::text is null or metric = %(metric)s)
    and (%(before_at)s::timestamptz is null or (observed_at, id) < (%(before_at)s, %(before_id)s::text))
order by observed_at desc, id desc limit %(limit)s

-- name: community_summary
select count(*)
from community_reading
where observed_at > %(from)s and observed_at <= %(to)s
    and (%(metric)s::text is null or metric = %(metric)s)
