-- name: seen
insert into principal_seen as p (user_id, name, kind, last_seen)
values (%(user_id)s, %(name)s, %(kind)s, %(at)s)
on conflict (user_id) do update set name = excluded.name, kind = excluded.kind,
       last_seen = greatest(p.last_seen, excluded.last_seen)

-- name: used
insert into permission_use as u (user_id, permission, last_used) values (%(user_id)s, %(permission)s, %(at)s)
on conflict (user_id, permission) do update set last_used = greatest(u.last_used, excluded.last_used)

-- name: unused
-- Use is noted since the first row of permission_use; before there are 90 days of it nothing can be said.
with since as (select now() - interval '90 days' as at)
select s.user_id, person_name(s.user_id) as user_name, d.id as role_id, d.name as role_name,
       array_agg(p order by p) as permissions, max(greatest(s.granted_at, u.last_used)) as since
  from since
  cross join role_assignment as s
  join role_definition as d on d.id = s.role_id and not d.service
  cross join lateral unnest(d.permissions) as p
  left join permission_use as u on u.user_id = s.user_id and u.permission = p
 where s.revoked_at is null and (s.expires_at is null or s.expires_at > now()) and s.granted_at < since.at
   and (u.last_used is null or u.last_used < since.at)
   and %(checked)s::text[] @> array[p]
 group by s.user_id, d.id, d.name
 order by count(*) desc, s.user_id, d.id
 limit 200
