-- name: launches
select l.id::text as launch_id, l.title, l.short_title, l.zone, l.planned_zero_at, l.template_key, l.template_version,
       l.rehearsal_of::text as rehearsal_of, l.state, l.roll, l.points, l.criteria, l.faults,
       coalesce((select jsonb_agg(jsonb_build_object('role', d.role, 'person', d.person,
                                                     'personName', person_name(d.person), 'by', d.by,
                                                     'byName', person_name(d.by), 'reason', d.reason, 'at', d.at)
                                  order by d.role)
                   from launch_delegation as d where d.launch_id = l.id), '[]') as delegations,
       l.created_at, l.created_by, person_name(l.created_by) as created_by_name, l.closed_at, l.decision, l.version
  from launch as l
 where (%(launch_id)s::uuid is null or l.id = %(launch_id)s)
   and (%(state)s::text is null or l.state = %(state)s)
   and (%(rehearsals)s::boolean is null or (l.rehearsal_of is not null) = %(rehearsals)s)
   and (%(zero_at)s::timestamptz is null or (l.planned_zero_at, l.id) < (%(zero_at)s, %(last_id)s::uuid))
 order by l.planned_zero_at desc, l.id desc
 limit %(limit)s

-- name: lock
select state from launch where id = %(launch_id)s for no key update

-- name: insert
insert into launch (title, short_title, zone, planned_zero_at, template_key, template_version, rehearsal_of, roll, points,
                    criteria, created_by)
values (%(title)s, %(short_title)s, %(zone)s, %(zero_at)s, %(template_key)s, %(template_version)s, %(rehearsal_of)s,
        %(roll)s, %(points)s, %(criteria)s, %(actor)s)
returning id

-- name: change
update launch
   set title = %(title)s, short_title = %(short_title)s, zone = %(zone)s, planned_zero_at = %(planned_zero_at)s,
       version = version + 1
 where id = %(launch_id)s

-- name: close
update launch set state = %(state)s, closed_at = clock_timestamp(), decision = %(decision)s, version = version + 1
 where id = %(launch_id)s

-- name: set_faults
update launch set faults = %(faults)s, version = version + 1 where id = %(launch_id)s

-- name: delegate
insert into launch_delegation (launch_id, role, person, by, reason)
values (%(launch_id)s, %(role)s, %(person)s, %(actor)s, %(reason)s)
    on conflict do nothing
returning role

-- name: end_delegation
delete from launch_delegation where launch_id = %(launch_id)s and role = %(role)s returning person, by

-- name: may_vote
-- Whether somebody holds a role that lets them.
select exists (select from role_assignment as a join role_definition as r on r.id = a.role_id
                where a.user_id = %(person)s and a.revoked_at is null
                  and (a.expires_at is null or a.expires_at > clock_timestamp())
                  and %(permission)s = any (r.permissions))

-- name: open_launches
select id::text from launch where state = 'open' and rehearsal_of is null order by planned_zero_at, id

-- name: insert_lesson
insert into launch_lesson (launch_id, item, reason, by) values (%(launch_id)s, %(item)s, %(reason)s, %(actor)s)
returning id::text as lesson_id, item, reason, by, person_name(by) as by_name, at, taken_into

-- name: lessons
select id::text as lesson_id, item, reason, by, person_name(by) as by_name, at, taken_into
  from launch_lesson where launch_id = %(launch_id)s order by at, id

-- name: polls_of
select p.round, p.question, p.verdict, extract(epoch from p.closed_at - p.opened_at)::float8 as seconds,
       p.evidence_version - 1 as evidence_changes
  from launch_poll as p where p.launch_id = %(launch_id)s order by p.round

-- name: open_poll
select id from launch_poll where launch_id = %(launch_id)s and state = 'open'
