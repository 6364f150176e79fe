-- name: roles
select d.id as role_id, d.name, d.description, d.permissions, d.sensitive, d.service, d.built_in,
       greatest(d.approvers, 1) as approvers, d.approver_roles, d.approval_hours, d.created_at, d.updated_at, d.updated_by,
       d.version,
       (select count(*) from role_assignment as s
         where s.role_id = d.id and s.revoked_at is null
           and (s.expires_at is null or s.expires_at > clock_timestamp())) as people
  from role_definition as d
 where %(role_id)s::text is null or d.id = %(role_id)s
 order by d.built_in desc, d.service, d.created_at, d.id

-- name: lock_role
select id from role_definition where id = %(role_id)s for update

-- name: insert_role
insert into role_definition (id, name, description, permissions, sensitive, approvers, approver_roles, approval_hours,
                             updated_by)
values (%(role_id)s, %(name)s, %(description)s, %(permissions)s, %(sensitive)s, %(approvers)s, %(approver_roles)s,
        %(approval_hours)s, %(actor)s)
on conflict do nothing
returning id

-- name: update_role
update role_definition
   set name = %(name)s, description = %(description)s, permissions = %(permissions)s, sensitive = %(sensitive)s,
       approvers = %(approvers)s, approver_roles = %(approver_roles)s, approval_hours = %(approval_hours)s,
       version = version + 1, updated_at = now(), updated_by = %(actor)s
 where id = %(role_id)s

-- name: known_roles
select id from role_definition where id = any(%(ids)s)

-- name: name_taken
select id from role_definition where lower(name) = lower(%(name)s) and id <> %(role_id)s

-- name: person
select a.id, person_name(a.id) as name, a.disabled_at is not null as disabled from account as a where a.id = %(user_id)s
union all
select p.user_id, p.name, false from principal_seen as p
 where p.user_id = %(user_id)s and not exists (select from account as a where a.id = p.user_id)

-- name: people
select u.user_id, u.name, u.kind, u.disabled, u.second_factor, coalesce(r.role_names, '{}') as role_names, u.last_seen
  from (select a.id as user_id, a.name, 'account' as kind, a.disabled_at is not null as disabled,
               f.confirmed_at is not null as second_factor, p.last_seen
          from account as a
          left join second_factor as f on f.user_id = a.id
          left join principal_seen as p on p.user_id = a.id
        union all
        select p.user_id, p.name, 'oidc', false, false, p.last_seen from principal_seen as p
         where not exists (select from account as a where a.id = p.user_id)
        union all
        select distinct s.user_id, s.user_id, 'oidc', false, false, null::timestamptz from role_assignment as s
         where s.revoked_at is null and not exists (select from account as a where a.id = s.user_id)
           and not exists (select from principal_seen as p where p.user_id = s.user_id)) as u
  left join lateral (
      select array_agg(d.name order by d.name) as role_names, bool_or(d.service) as service
        from role_assignment as s join role_definition as d on d.id = s.role_id
       where s.user_id = u.user_id and s.revoked_at is null
         and (s.expires_at is null or s.expires_at > clock_timestamp())) as r on true
 where not coalesce(r.service, false)
   and (%(text)s::text is null or normalize(u.name) ilike %(text)s or normalize(u.user_id) ilike %(text)s)
   and (%(after)s::text is null or (lower(u.name), u.user_id) > (lower(%(after)s), %(after_id)s))
 order by lower(u.name), u.user_id
 limit %(limit)s

-- name: assignments
select s.id::text as assignment_id, s.user_id, person_name(s.user_id) as user_name, s.role_id, d.name as role_name,
       s.granted_by, person_name(s.granted_by) as granted_by_name, s.granted_at, s.expires_at, s.reason,
       array(select person_name(x) from unnest(s.approved_by) as x) as approved_by, s.break_glass,
       case when s.expires_at <= coalesce(s.revoked_at, clock_timestamp()) then 'expired'
            when s.revoked_at is not null then 'revoked' else 'active' end as state,
       s.revoked_at, person_name(s.revoked_by) as revoked_by_name, s.revoke_reason, s.version
  from role_assignment as s join role_definition as d on d.id = s.role_id
 where (%(assignment_id)s::uuid is null or s.id = %(assignment_id)s)
   and (%(user_id)s::text is null or s.user_id = %(user_id)s)
   and (%(role_id)s::text is null or s.role_id = %(role_id)s)
   and (%(active)s::boolean is null
        or %(active)s = (s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp())))
   and (%(granted_at)s::timestamptz is null or (s.granted_at, s.id) < (%(granted_at)s, %(after)s::uuid))
 order by s.granted_at desc, s.id desc
 limit %(limit)s

-- name: lock_current
select id, expires_at from role_assignment
 where user_id = %(user_id)s and role_id = %(role_id)s and revoked_at is null
   for update

-- name: assign
insert into role_assignment (user_id, role_id, granted_by, expires_at, reason, approved_by, break_glass)
values (%(user_id)s, %(role_id)s, %(actor)s, %(expires_at)s, %(reason)s, %(approved_by)s, %(break_glass)s)
returning id

-- name: prolong
update role_assignment
   set expires_at = %(expires_at)s, reason = %(reason)s, approved_by = %(approved_by)s, granted_by = %(actor)s,
       break_glass = %(break_glass)s, version = version + 1
 where id = %(assignment_id)s

-- name: revoke
update role_assignment
   set revoked_at = %(at)s, revoked_by = %(actor)s, revoke_reason = %(reason)s, version = version + 1
 where id = %(assignment_id)s

-- name: ended
select id, expires_at from role_assignment
 where revoked_at is null and expires_at <= clock_timestamp()
 order by expires_at, id limit 100
   for update skip locked

-- name: one_at_a_time
-- Two administrators who remove each other at the same moment would both be the second last.
select pg_advisory_xact_lock(hashtext('opsconsole administrators'))

-- name: lasting_administrators
-- People who may grant roles, without an end, and can sign in.
select count(distinct s.user_id)
  from role_assignment as s
  join role_definition as d on d.id = s.role_id
  left join account as a on a.id = s.user_id
 where 'operations.manage_roles' = any(d.permissions) and s.revoked_at is null and s.expires_at is null
   and a.disabled_at is null

-- name: lasting_without
-- Whether somebody may still grant roles, without an end, when one of their roles is left out.
select exists (select from role_assignment as s join role_definition as d on d.id = s.role_id
                where s.user_id = %(user_id)s and d.id <> %(role_id)s and s.revoked_at is null
                  and s.expires_at is null and 'operations.manage_roles' = any(d.permissions))

-- name: holds
select exists (select from role_assignment as s join role_definition as d on d.id = s.role_id
                where s.user_id = %(user_id)s and s.revoked_at is null
                  and (s.expires_at is null or s.expires_at > clock_timestamp())
                  and (%(permission)s::text is null or %(permission)s = any(d.permissions))
                  and (%(role_id)s::text is null or d.id = %(role_id)s))

-- name: duties_one_at_a_time
-- Two grants at the same moment would each see the permissions from before the other.
select pg_advisory_xact_lock(hashtext('opsconsole duties'))

-- name: held_by_holders
-- Everybody who holds a role, and the permissions they have by other ones.
select person_name(s.user_id),
       array(select distinct permission
               from role_assignment as o join role_definition as d on d.id = o.role_id, unnest(d.permissions) as permission
              where o.user_id = s.user_id and o.role_id <> s.role_id and o.revoked_at is null
                and (o.expires_at is null or o.expires_at > clock_timestamp()))
  from role_assignment as s
 where s.role_id = %(role_id)s and s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp())

-- name: permissions_of
select distinct unnest(d.permissions) from role_assignment as s join role_definition as d on d.id = s.role_id
 where s.user_id = %(user_id)s and s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp())

-- name: explain
select d.id as role_id, d.name as role_name, person_name(s.granted_by) as granted_by_name, s.granted_at, s.expires_at,
       array(select person_name(x) from unnest(s.approved_by) as x) as approved_by, s.break_glass, s.revoked_at,
       person_name(s.revoked_by) as revoked_by_name,
       s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp()) as active
  from role_assignment as s join role_definition as d on d.id = s.role_id
 where s.user_id = %(user_id)s and %(permission)s = any(d.permissions)
 order by s.granted_at

-- name: roles_with
select name from role_definition where %(permission)s = any(permissions) and not service order by built_in desc, name
