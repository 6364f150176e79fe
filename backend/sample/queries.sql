-- name: insert_shop
insert into sample_shop (opened_at, traded_through, burst_at) values (%(opened_at)s, %(opened_at)s, %(fault_at)s)

-- name: lock_shop
-- Of several workers one trades.
select opened_at, traded_through, burst_at, clock_timestamp() from sample_shop for update skip locked

-- name: keep_traded
update sample_shop set traded_through = %(traded_through)s, burst_at = %(fault_at)s

-- name: role_accounts
select a.id, a.name, a.password_hash, f.secret
  from account as a left join second_factor as f on f.user_id = a.id and f.confirmed_at is not null
 where a.id = any(%(ids)s) and a.disabled_at is null
 order by array_position(%(ids)s, a.id)

-- name: give_factor
insert into second_factor (user_id, secret, confirmed_at) values (%(user_id)s, %(secret)s, now())
on conflict (user_id) do update set secret = excluded.secret, confirmed_at = now(), last_step = 0
 where second_factor.confirmed_at is null
