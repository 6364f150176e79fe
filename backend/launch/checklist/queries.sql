-- name: items
-- A waiver whose time is over has the item pending again, noted or not.
select i.id::text as item_id, i.launch_id::text as launch_id, i.key, i.number, i.category, i.description, i.owner_role,
       coalesce(r.name, i.owner_role) as owner_name, i.due, i.blocking, i.automatic, i.entry_criteria, i.evidence,
       i.criteria, i.depends_on, i.contingency,
       case when i.waived_until <= clock_timestamp() then 'pending' else i.status end as status,
       i.notes, i.completed_at, i.completed_by, person_name(i.completed_by) as completed_by_name,
       case when i.waived_until > clock_timestamp() then
           i.waiver || jsonb_build_object('askedByName', person_name(i.waiver ->> 'askedBy'),
                                          'approverName', person_name(i.waiver ->> 'approver')) end as waiver,
       i.reopened_reason, i.version, l.planned_zero_at,
       coalesce((select jsonb_agg(jsonb_build_array(
                            d.key, d.automatic, d.criteria,
                            d.status = 'approved' or coalesce(d.waived_until > clock_timestamp(), false))
                                  order by d.number)
                   from launch_item as d
                  where cardinality(i.depends_on) > 0 and d.launch_id = i.launch_id and d.key = any (i.depends_on)),
                '[]') as depends
  from launch_item as i
  join launch as l on l.id = i.launch_id
  left join role_definition as r on r.id = i.owner_role
 where (%(item_id)s::uuid is null or i.id = %(item_id)s)
   and (%(launch_id)s::uuid is null or i.launch_id = %(launch_id)s)
   and (not %(open_only)s or l.state = 'open' and l.rehearsal_of is null)
   and (%(owner_roles)s::text[] is null or i.owner_role = any (%(owner_roles)s))
   and (%(zero_at)s::timestamptz is null
        or (l.planned_zero_at, i.launch_id, i.number, i.id)
           > (%(zero_at)s, %(after_launch)s::uuid, %(after_number)s::bigint, %(after_id)s::uuid))
 order by l.planned_zero_at, i.launch_id, i.number, i.id
 limit %(limit)s

-- name: lock
select launch_id::text from launch_item where id = %(item_id)s for update

-- name: counts
-- Of the whole list, at a reading of the clock; what is automatic is signed while all its criteria are within.
with item as (
    select due <= %(reading)s as is_due, blocking,
           case when automatic then criteria <@ %(inside)s::text[]
                else status = 'approved' or coalesce(waived_until > clock_timestamp(), false) end as signed
      from launch_item where launch_id = %(launch_id)s)
select count(*) as total, count(*) filter (where signed) as signed, count(*) filter (where is_due) as due,
       count(*) filter (where is_due and signed) as due_signed, count(*) filter (where is_due and not signed) as late,
       count(*) filter (where is_due and not signed and blocking) as blocking_late
  from item

-- name: late
select i.id::text as item_id, i.key, i.number, i.description, i.owner_role,
       coalesce(r.name, i.owner_role) as owner_name, i.due, i.blocking, i.alerted
  from launch_item as i
  left join role_definition as r on r.id = i.owner_role
 where i.launch_id = %(launch_id)s and i.due <= %(reading)s
   and not case when i.automatic then i.criteria <@ %(inside)s::text[]
                else i.status = 'approved' or coalesce(i.waived_until > clock_timestamp(), false) end
 order by i.number

-- name: alerted
select id::text from launch_item where launch_id = %(launch_id)s and alerted

-- name: alerted_elsewhere
-- Alerts of launches that are over.
select i.id::text from launch_item as i join launch as l on l.id = i.launch_id where i.alerted and l.state <> 'open'

-- name: set_alerted
update launch_item set alerted = %(alerted)s where id = %(item_id)s

-- name: insert
insert into launch_item (launch_id, key, number, category, description, owner_role, due, blocking, automatic,
                         entry_criteria, evidence, criteria, depends_on, contingency)
values (%(launch_id)s, %(key)s, %(number)s, %(category)s, %(description)s, %(owner_role)s, %(due)s, %(blocking)s,
        %(automatic)s, %(entry_criteria)s, %(evidence)s, %(criteria)s, %(depends_on)s, %(contingency)s)
returning id

-- name: newest_number
select coalesce(max(number), 0) from launch_item where launch_id = %(launch_id)s

-- name: change
update launch_item
   set category = %(category)s, description = %(description)s, owner_role = %(owner_role)s, due = %(due)s,
       blocking = %(blocking)s, automatic = %(automatic)s, entry_criteria = %(entry_criteria)s,
       evidence = %(evidence)s, criteria = %(criteria)s, depends_on = %(depends_on)s, contingency = %(contingency)s,
       version = version + 1
 where id = %(item_id)s

-- name: complete
update launch_item
   set status = 'approved', notes = %(notes)s, completed_at = clock_timestamp(), completed_by = %(actor)s,
       waiver = null, waived_until = null, reopened_reason = null, version = version + 1
 where id = %(item_id)s

-- name: reopen
update launch_item
   set status = 'pending', completed_at = null, completed_by = null, waiver = null, waived_until = null,
       reopened_reason = %(reason)s, version = version + 1
 where id = %(item_id)s

-- name: waive
update launch_item
   set status = 'waived', completed_at = null, completed_by = null, waived_until = %(until)s, waiver = %(waiver)s,
       version = version + 1
 where id = %(item_id)s

-- name: count_mine
-- What waits for the signature of somebody's roles, of launches that are not rehearsals; what is automatic waits for nobody.
select count(*)
  from launch_item as i join launch as l on l.id = i.launch_id
 where l.state = 'open' and l.rehearsal_of is null and not i.automatic and i.owner_role = any (%(roles)s)
   and (i.status = 'pending' or i.waived_until <= clock_timestamp())

-- name: launch_of
select launch_id::text from launch_item where id = %(item_id)s

-- name: try_overdue_lock
select pg_try_advisory_xact_lock(4711018020)
