-- name: insert_past
insert into launch (title, short_title, zone, planned_zero_at, template_key, template_version, roll, points, criteria,
                    created_at, created_by, state, closed_at, decision, version)
select %(title)s, %(short_title)s, %(zone)s, %(zero_at)s, key, version, content -> 'roll', content -> 'points',
       content -> 'criteria', %(created_at)s, %(actor)s, 'launched', %(closed_at)s, %(decision)s, 9
  from launch_template where key = %(template_key)s and version = 1
returning id::text

-- name: insert_event
insert into launch_clock_event (launch_id, seq, at, kind, reading, hold, by, reason, exit_criteria)
values (%(launch_id)s, %(seq)s, %(at)s, %(kind)s, %(reading)s, %(hold)s, %(actor)s, %(reason)s, '')

-- name: sign_items
-- In time, but for one; what is automatic signs itself.
update launch_item
   set status = 'approved', version = 2, notes = 'done as planned',
       completed_by = (%(signers)s::jsonb ->> owner_role),
       completed_at = %(zero_at)s::timestamptz + make_interval(secs => due) - interval '47 min'
                      + case when key = 'chat-cover' then interval '68 min' else interval '0' end
 where launch_id = %(launch_id)s and not automatic

-- name: sign_item
update launch_item
   set status = 'approved', version = 2, notes = %(notes)s, completed_by = %(actor)s, completed_at = %(at)s
 where launch_id = %(launch_id)s and key = %(key)s

-- name: insert_poll
insert into launch_poll (launch_id, round, question, opened_at, opened_by, version)
values (%(launch_id)s, 1, %(question)s, %(opened_at)s, %(actor)s, 6)
returning id::text

-- name: insert_vote
insert into launch_vote (poll_id, role, choice, evidence_version, person, reason, at, second_factor_at)
values (%(poll_id)s, %(role)s, 'GO', 1, %(person)s, %(reason)s, %(at)s, %(at)s)

-- name: close_poll
update launch_poll
   set state = 'closed', closed_at = %(at)s, closed_by = %(actor)s, verdict = 'GO', sealed = %(sealed)s
 where id = %(poll_id)s

-- name: insert_lesson
insert into launch_lesson (launch_id, item, reason, by, at) values (%(launch_id)s, %(item)s, %(reason)s, %(actor)s, %(at)s)
