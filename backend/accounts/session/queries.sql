-- name: password
select a.name, a.password_hash from account as a where a.id = %(account)s and a.disabled_at is null

-- name: blocked
-- Wrong passwords count for the address they come from: nobody can keep somebody else out. One address that tries many
-- names waits too.
select extract(epoch from max(until) - now())::float8
  from (select blocked_until as until from sign_in_failure where account = %(account)s and address = %(address)s
        union all
        select max(last_at) + interval '1 minute' from sign_in_failure
         where address = %(address)s and last_at > now() - interval '10 minutes' having sum(failures) >= 50) as f
having max(until) > now()

-- name: count_failure
-- After five failures each further one doubles the wait, to a quarter of an hour; an hour without one starts anew.
insert into sign_in_failure as f (account, address, failures, last_at, blocked_until)
values (%(account)s, %(address)s, 1, now(), now())
on conflict (account, address) do update set
    failures = case when f.last_at < now() - interval '1 hour' then 1 else f.failures + 1 end,
    last_at = now(),
    blocked_until = case
        when f.last_at < now() - interval '1 hour' or f.failures < 4 then now()
        else now() + least(interval '15 minutes', interval '2 seconds' * (2 ^ least(f.failures - 4, 12))) end
returning failures

-- name: clear_failures
delete from sign_in_failure where account = %(account)s and address = %(address)s

-- name: keep_refresh
-- The successor of a token that is answered again is there already.
insert into refresh_token (family, user_id, token_hash, auth_time, acr, expires_at)
values (%(family)s, %(user_id)s, %(token_hash)s, %(auth_time)s, %(acr)s, now() + interval '14 days')
on conflict (token_hash) do nothing

-- name: use_refresh
update refresh_token as t set used_at = coalesce(t.used_at, now())
 where t.token_hash = %(token_hash)s
returning t.family, t.user_id, t.auth_time, t.acr, old.used_at is not null as reused,
          coalesce(old.used_at > now() - interval '60 seconds', false) as just_now,
          t.revoked_at is not null or t.expires_at <= now() as ended

-- name: in_family
select exists (select from refresh_token where token_hash = %(token_hash)s and family = %(family)s)

-- name: own_family
select family from refresh_token where token_hash = %(token_hash)s and user_id = %(user_id)s and revoked_at is null

-- name: account_name
select name from account where id = %(user_id)s and disabled_at is null

-- name: end_family
update refresh_token set revoked_at = now() where family = %(family)s and revoked_at is null

-- name: forget_refresh
delete from refresh_token where expires_at < now() - interval '1 day'

-- name: forget_failures
delete from sign_in_failure where last_at < now() - interval '1 day'

-- name: set_account
insert into account as a (id, name, password_hash) values (%(account)s, %(name)s, %(password_hash)s)
on conflict (id) do update
   set name = excluded.name, password_hash = coalesce(excluded.password_hash, a.password_hash), disabled_at = null,
       version = a.version + 1, updated_at = now()
 where a.name <> excluded.name or excluded.password_hash is not null or a.disabled_at is not null
returning a.version

-- name: assign_role
insert into role_assignment (user_id, role_id, granted_by) values (%(account)s, %(role)s, %(by)s)
on conflict (user_id, role_id) where revoked_at is null do nothing
returning id::text

-- name: count_passwords
select count(*) from account where password_hash is not null
