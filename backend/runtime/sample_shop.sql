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
