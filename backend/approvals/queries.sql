-- name: approvals
-- Null parameters do not filter. What has had its time is expired at once, whenever the worker says so.
select a.id::text as approval_id, a.kind, a.title, a.subject_type, a.subject_id, a.gainer,
       person_name(a.gainer) as gainer_name, a.details, a.reason, a.permission, a.needs, a.from_roles, a.requested_by,
       person_name(a.requested_by) as requested_by_name, a.requested_at, a.ends_at,
       case when a.state = 'pending' and a.ends_at <= clock_timestamp() then 'expired' else a.state end as state,
       coalesce(a.decided_at, case when a.ends_at <= clock_timestamp() then a.ends_at end) as decided_at,
       coalesce(v.votes, '[]') as votes, a.version
  from approval as a
  left join lateral (
      select jsonb_agg(jsonb_build_object('voter', v.voter, 'voter_name', person_name(v.voter), 'verdict', v.verdict,
                                          'reason', v.reason, 'roles', v.roles, 'voted_at', v.voted_at)
                       order by v.voted_at, v.voter) as votes
        from approval_vote as v where v.approval_id = a.id) as v on true
 where (%(approval_id)s::uuid is null or a.id = %(approval_id)s)
   and (%(state)s::text is null
        or %(state)s = case when a.state = 'pending' and a.ends_at <= clock_timestamp() then 'expired' else a.state end)
   and (%(everything)s or a.permission = any(%(permissions)s) or a.requested_by = %(me)s or a.gainer = %(me)s)
   and (%(requested_at)s::timestamptz is null or (a.requested_at, a.id) < (%(requested_at)s, %(after)s::uuid))
 order by a.requested_at desc, a.id desc
 limit %(limit)s

-- name: lock
select version from approval where id = %(approval_id)s for update

-- name: pending
select a.id from approval as a
 where a.kind = %(kind)s and a.subject_type = %(subject_type)s and a.subject_id = %(subject_id)s and a.state = 'pending'
   for update

-- name: insert
insert into approval (kind, title, subject_type, subject_id, gainer, details, reason, permission, needs, from_roles,
                      requested_by, ends_at)
values (%(kind)s, %(title)s, %(subject_type)s, %(subject_id)s, %(gainer)s, %(details)s, %(reason)s, %(permission)s,
        %(needs)s, %(from_roles)s, %(requested_by)s, now() + make_interval(mins => %(minutes)s))
on conflict do nothing
returning id

-- name: vote
insert into approval_vote (approval_id, voter, verdict, reason, roles)
values (%(approval_id)s, %(voter)s, %(verdict)s, %(reason)s, %(roles)s)

-- name: settle
update approval set state = %(state)s, version = version + 1,
       decided_at = case when %(state)s = 'pending' then null else clock_timestamp() end
 where id = %(approval_id)s

-- name: overdue
select id from approval where state = 'pending' and ends_at <= clock_timestamp() order by id limit 100
   for update skip locked
