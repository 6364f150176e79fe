-- Statements of the shared mechanisms: idempotency, principals, heartbeat.

-- name: lock_key
select pg_try_advisory_xact_lock(%(lock)s::bigint)

-- name: find_key
select digest, status, headers, body from idempotency_key
where scope = %(scope)s and key = %(key)s and kept_at > now() - interval '24 hours'

-- name: keep_answer
insert into idempotency_key (scope, key, digest, status, headers, body)
values (%(scope)s, %(key)s, %(digest)s, %(status)s, %(headers)s, %(body)s)
on conflict (scope, key) do update set digest = excluded.digest, status = excluded.status,
    headers = excluded.headers, body = excluded.body, kept_at = now()

-- name: forget_keys
delete from idempotency_key where kept_at < now() - interval '24 hours'

-- name: principal
select a.name, a.kind,
    coalesce(array_agg(distinct r.id) filter (where r.id is not null), '{}') as roles,
    coalesce(array_agg(distinct r.name) filter (where r.id is not null), '{}') as role_names,
    coalesce((select array_agg(distinct p) from role_assignment s join role_definition d on d.id = s.role_id,
        unnest(d.permissions) p
        where s.user_id = a.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())), '{}')
        as permissions
from account a
left join role_assignment s on s.user_id = a.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
left join role_definition r on r.id = s.role_id
where a.id = %(user_id)s and a.disabled_at is null
group by a.id

-- name: beat
insert into heartbeat (name, beaten_at) values (%(name)s, now())
on conflict (name) do update set beaten_at = now()

-- name: readiness
select (select max(beaten_at) from heartbeat where name = 'worker'),
    (select version_num from alembic_version),
    now()
