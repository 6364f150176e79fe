-- name: begin_factor
insert into second_factor as f (user_id, secret) values (%(user_id)s, %(secret)s)
on conflict (user_id) do update set secret = excluded.secret, created_at = now(), last_step = 0
 where f.confirmed_at is null
returning user_id

-- name: confirm_factor
update second_factor set confirmed_at = now() where user_id = %(user_id)s and confirmed_at is null

-- name: lock_factor
select secret, last_step from second_factor
 where user_id = %(user_id)s and (confirmed_at is not null) = %(confirmed)s
   for update

-- name: one_by_one
-- Also while there is no factor to lock: tries at the same moment do not overtake the count.
select pg_advisory_xact_lock(hashtextextended('second factor ' || %(user_id)s::text, 0))

-- name: used_step
update second_factor set last_step = %(step)s where user_id = %(user_id)s

-- name: remove_factor
delete from second_factor where user_id = %(user_id)s returning user_id

-- name: keep_code
insert into recovery_code (user_id, code_hash) values (%(user_id)s, %(code_hash)s)

-- name: use_code
update recovery_code set used_at = now()
 where user_id = %(user_id)s and code_hash = %(code_hash)s and used_at is null
returning user_id

-- name: forget_codes
delete from recovery_code where user_id = %(user_id)s

-- name: live_session
select acr from refresh_token where family = %(family)s and used_at is null and revoked_at is null and expires_at > now()

-- name: factor_blocked
select extract(epoch from max(blocked_until) - now())::float8 from second_factor_failure
 where family = any (%(counted)s::uuid[]) and blocked_until > now()
having max(blocked_until) > now()

-- name: count_factor_failure
-- Three may go wrong; from then on the pause doubles.
insert into second_factor_failure as f (family, failures, last_at, blocked_until)
select counted, 1, now(), now() from unnest(%(counted)s::uuid[]) as counted order by counted
on conflict (family) do update set
    failures = f.failures + 1, last_at = now(),
    blocked_until = now() + case when f.failures < 2 then interval '0' else interval '1 second' * (2 ^ least(f.failures - 1, 8)) end
returning family, failures

-- name: clear_factor_failures
delete from second_factor_failure where family = any (%(counted)s::uuid[])

-- name: know_address
-- A row without failures: a second factor was used there.
insert into second_factor_failure as f (family, failures, last_at, blocked_until) values (%(known)s, 0, now(), now())
on conflict (family) do update set last_at = now()

-- name: knows_address
select exists (select from second_factor_failure where family = %(known)s)

-- name: forget_factor_failures
delete from second_factor_failure where last_at < now() - interval '15 days'

-- name: raise_session
update refresh_token set acr = %(acr)s, auth_time = %(at)s
 where family = %(family)s and used_at is null and revoked_at is null
