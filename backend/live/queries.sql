-- name: newest
select position from audit_relay

-- name: since
-- Positions are dense and in commit order: whoever goes on after the last one it saw misses nothing.
select p.position, l.resource_type, l.resource_id, l.version,
       array_remove(array[l.actor, l.after ->> 'userId', l.before ->> 'userId', l.after ->> 'gainer',
                          l.after ->> 'requestedBy'], null) as concerned
  from audit_position as p join audit_log as l on l.seq = p.seq
 where p.position > %(position)s and p.position <= coalesce(%(through)s::bigint, 9223372036854775807)
 order by p.position
 limit %(limit)s

-- name: permissions
-- What each listener may do now. A disabled account is not answered.
select u.user_id,
       array(select distinct p
               from role_assignment as s
               join role_definition as d on d.id = s.role_id
               cross join lateral unnest(d.permissions) as p
              where s.user_id = u.user_id and s.revoked_at is null
                and (s.expires_at is null or s.expires_at > clock_timestamp())) as permissions
  from unnest(%(user_ids)s::text[]) as u (user_id)
  left join account as a on a.id = u.user_id
 where a.disabled_at is null
