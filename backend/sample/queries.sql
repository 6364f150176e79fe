-- name: insert_shop
insert into sample_shop (opened_at, traded_through, burst_at) values (%(opened_at)s, %(opened_at)s, %(burst_at)s)

-- name: lock_shop
-- Of several workers one trades.
select opened_at, traded_through, burst_at, clock_timestamp() from sample_shop for update skip locked

-- name: keep_traded
update sample_shop set traded_through = %(traded_through)s, burst_at = %(burst_at)s
