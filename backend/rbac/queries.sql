-- name: principal
-- No row: an account of ours that does not exist or is disabled. Subjects of an outside issuer need no account.
select a.name,
       coalesce(r.roles, '{}') as roles,
       coalesce(r.role_names, '{}') as role_names,
       coalesce(r.permissions, '{}') as permissions
  from (select 1) as always
  left join account as a on a.id = %(user_id)s and %(account)s
  left join lateral (
      select array_agg(distinct d.id order by d.id) as roles,
             array_agg(distinct d.name order by d.name) as role_names,
             array_agg(distinct p) filter (where p is not null) as permissions
        from role_assignment as s
        join role_definition as d on d.id = s.role_id
        left join lateral unnest(d.permissions) as p on true
       where s.user_id = %(user_id)s and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())
  ) as r on true
 where not %(account)s or (a.id is not null and a.disabled_at is null)
