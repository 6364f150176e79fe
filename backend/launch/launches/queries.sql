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

-- name: open_launches
select id::text from launch where state = 'open' and rehearsal_of is null order by planned_zero_at, id
