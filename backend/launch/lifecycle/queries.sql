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
