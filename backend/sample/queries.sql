-- name: creation_lock
-- Two servers on one database do not create the shop twice.
select pg_advisory_xact_lock(4711018004)

-- name: exists
select exists (select from sample_shop)

-- name: holds_data
select exists (select from orders) or exists (select from refunds) or exists (select from downloads)

-- name: no_time_limits
-- For this transaction: a year's trade takes longer than a request may.
select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)

-- name: insert_shop
insert into sample_shop (opened_at, traded_through, burst_at) values (%(opened_at)s, %(opened_at)s, %(burst_at)s)

-- name: insert_rates
insert into currency_rate (currency, day, rate)
select * from unnest(%(currency)s::text[], %(day)s::date[], %(rate)s::numeric[])
on conflict (currency, day) do nothing

-- name: lock_shop
-- Of several workers one trades.
select opened_at, traded_through, burst_at, clock_timestamp() from sample_shop for update skip locked

-- name: keep_traded
update sample_shop set traded_through = %(traded_through)s, burst_at = %(burst_at)s

-- name: new_ids
select uuidv7()::text from generate_series(1, %(count)s::int)
