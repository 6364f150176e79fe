-- name: principal
-- No row: an account of ours that does not exist or is disabled, or a subject of an outside issuer whose id is that of
-- an account here: it must not have the account's roles. Other subjects need no account.
select a.name,
       coalesce(r.roles, '{}') as roles,
       coalesce(r.role_names, '{}') as role_names,
       coalesce(r.permissions, '{}') as permissions,
       f.confirmed_at is not null as second_factor,
       a.password_hash is not null as has_password
  from (select 1) as always
  left join account as a on a.id = %(user_id)s
  left join second_factor as f on f.user_id = a.id
  left join lateral (
      select array_agg(distinct d.id order by d.id) as roles,
             array_agg(distinct d.name order by d.name) as role_names,
             array_agg(distinct p) filter (where p is not null) as permissions
        from role_assignment as s
        join role_definition as d on d.id = s.role_id
        left join lateral unnest(d.permissions) as p on true
       where s.user_id = %(user_id)s and s.revoked_at is null and (s.expires_at is null or s.expires_at > clock_timestamp())
  ) as r on true
 where case when %(account)s then a.id is not null and a.disabled_at is null else a.id is null end
