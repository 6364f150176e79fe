-- name: helpers
select id, name from (
    select id, name, disabled_at is null as here from account
    union all
    select user_id, name, true from principal_seen as p where not exists (select from account as a where a.id = p.user_id)
) as known
 where here order by lower(name), id limit %(limit)s

-- name: series
-- From raw rows: stretches are shorter than the hours the sums are kept for.
with stretch as (
    select n, %(from)s::timestamptz + n * %(step)s::interval as low, %(from)s::timestamptz + (n + 1) * %(step)s::interval as high
      from generate_series(0, %(stretches)s - 1) as n
)
select high,
       case when low < %(now)s then (select count(*) from orders where placed_at > low and placed_at <= high) end,
       case when low < %(now)s then (select count(*) from refunds where refunded_at > low and refunded_at <= high) end,
       case when low < %(now)s then (select count(*) from downloads where downloaded_at > low and downloaded_at <= high) end,
       case when low < %(now)s then (
           select count(*) from downloads where downloaded_at > low and downloaded_at <= high and not succeeded) end
  from stretch order by n
