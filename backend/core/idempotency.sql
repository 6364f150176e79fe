-- name: claim
-- Whoever works on the same key holds this lock to the end of its transaction.
select pg_try_advisory_xact_lock(hashtextextended(
    concat_ws(chr(31), %(principal)s::text, %(method)s::text, %(path)s::text, %(key)s::text), 4711))

-- name: earlier
select fingerprint, status, headers, body from idempotency
 where principal = %(principal)s and method = %(method)s and path = %(path)s and key = %(key)s
   and created_at > now() - interval '24 hours'

-- name: keep
insert into idempotency (principal, method, path, key, fingerprint, status, headers, body)
values (%(principal)s, %(method)s, %(path)s, %(key)s, %(fingerprint)s, %(status)s, %(headers)s, %(body)s)
on conflict (principal, method, path, key) do update
   set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
       created_at = now()

-- name: forget
delete from idempotency where created_at < now() - interval '24 hours'
