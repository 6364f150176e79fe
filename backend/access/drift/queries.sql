-- name: report
insert into access_report (system, read_at, entries, problem) values (%(system)s, now(), %(entries)s, %(problem)s)
on conflict (system) do update set read_at = excluded.read_at, problem = excluded.problem,
       entries = case when excluded.problem is null then excluded.entries else access_report.entries end

-- name: expected
-- Who should have access to a system: holders of the roles it knows.
select distinct s.user_id, s.role_id
  from role_assignment as s
 where s.role_id = any(%(roles)s) and s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp())

-- name: open_differences
select id, user_id, outside_role, role_id, kind from access_difference where system = %(system)s and gone_at is null
   for update

-- name: new_difference
insert into access_difference (system, user_id, outside_role, role_id, kind)
values (%(system)s, %(user_id)s, %(outside_role)s, %(role_id)s, %(kind)s)
returning id

-- name: still_different
update access_difference set last_seen = now() where id = any(%(ids)s)

-- name: gone
update access_difference set gone_at = now(), last_seen = now() where id = any(%(ids)s)

-- name: reports
select system, read_at, entries, problem from access_report order by system

-- name: differences
select x.id::text as difference_id, x.system, x.user_id, person_name(x.user_id) as user_name, x.outside_role,
       d.name as role_name, x.kind, x.first_seen, x.last_seen
  from access_difference as x left join role_definition as d on d.id = x.role_id
 where x.gone_at is null
 order by x.system, x.kind, x.user_id, x.outside_role
 limit 500
