-- name: consents
insert into consent (person_id, consent_type, status, at, policy_version, channel, jurisdiction, gpc, granted_change,
                     asked_change, recorded_at, recorded_by)
select c.person_id, c.kind, c.status, c.at, case when c.at < %(changed_at)s then 1 else 2 end, 'form', 'gdpr', false,
       c.granted, c.asked, c.at, %(actor)s
  from unnest(%(people)s::uuid[], %(kinds)s::text[], %(statuses)s::text[], %(instants)s::timestamptz[],
              %(granted)s::int[], %(asked)s::int[]) as c (person_id, kind, status, at, granted, asked)

-- name: as_approval
-- What was closed had not begun.
update privacy_request set state = 'approval' where id = %(request_id)s

-- name: as_then
-- As if it had been received as long ago as its clock says.
update privacy_request as r
   set state = %(state)s, blocked = %(blocked)s, due_at = %(due_at)s, due_on = (%(due_at)s::timestamptz - interval '1 second')::date,
       internal_at = %(due_at)s::timestamptz - interval '10 days',
       received_at = least(r.received_at, %(due_at)s::timestamptz - interval '31 days'),
       clock_from = least(r.received_at, %(due_at)s::timestamptz - interval '31 days'),
       owner = case when %(state)s <> 'identity' then %(actor)s end,
       reminded_at = case when %(due_at)s::timestamptz - interval '10 days' < now() then now() end,
       approved_at = case when %(state)s = 'waiting' then now() - interval '1 day' end,
       erases_at = case when %(state)s = 'waiting' then now() + interval '2 days' end,
       completed_at = case when %(state)s in ('done', 'ready', 'refused', 'withdrawn') then %(due_at)s::timestamptz - interval '3 days' end
 where r.id = %(request_id)s
