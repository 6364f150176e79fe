-- name: seen
insert into principal_seen as p (user_id, name, kind, last_seen)
values (%(user_id)s, %(name)s, %(kind)s, %(at)s)
on conflict (user_id) do update set name = excluded.name, kind = excluded.kind,
       last_seen = greatest(p.last_seen, excluded.last_seen)

-- name: used
insert into permission_use as u (user_id, permission, last_used) values (%(user_id)s, %(permission)s, %(at)s)
on conflict (user_id, permission) do update set last_used = greatest(u.last_used, excluded.last_used)
