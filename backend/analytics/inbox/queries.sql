-- name: page
select v.id::text as id, v.event_name, v.class as violation_class, v.pointer, v.schema_version, v.rule, v.nearest,
       v.producer, v.app_version, v.environment, v.count, v.first_seen, v.last_seen, v.state, v.assigned_to,
       person_name(v.assigned_to) as assigned_to_name,
       case when v.muted_until > now() then v.muted_until end as muted_until, v.version,
       array(select coalesce((select sum(d.count) from violation_day as d
                               where d.group_id = v.id and d.day = at::date), 0)::bigint
               from generate_series(current_date - 6, current_date, '1 day'::interval) as at order by at) as daily
  from violation_seen as v
 where (%(state)s::text is null or v.state = %(state)s)
   and (%(event_name)s::text is null or v.event_name = %(event_name)s)
   and (%(assigned_to)s::text is null or v.assigned_to = %(assigned_to)s)
   and (not %(unassigned)s or v.assigned_to is null)
   and (%(since)s::timestamptz is null or v.first_seen >= %(since)s)
   and (%(last_seen)s::timestamptz is null or (v.last_seen, v.id) < (%(last_seen)s, %(last_id)s::uuid))
 order by v.last_seen desc, v.id desc
 limit %(limit)s

-- name: one
select v.id::text as id, v.event_name, v.class as violation_class, v.pointer, v.schema_version, v.rule, v.nearest,
       v.producer, v.app_version, v.environment, v.count, v.first_seen, v.last_seen, v.state, v.assigned_to,
       person_name(v.assigned_to) as assigned_to_name,
       case when v.muted_until > now() then v.muted_until end as muted_until, v.version,
       array(select coalesce((select sum(d.count) from violation_day as d
                               where d.group_id = v.id and d.day = at::date), 0)::bigint
               from generate_series(current_date - 6, current_date, '1 day'::interval) as at order by at) as daily
  from violation_seen as v where v.id = %(violation_id)s

-- name: lock
select version from violation_group where id = %(violation_id)s for update

-- name: change
update violation_group
   set assigned_to = %(assigned_to)s, muted_until = %(muted_until)s,
       fixed_at = case %(state)s::text when 'fixed' then coalesce(fixed_at, clock_timestamp()) end,
       version = version + 1
 where id = %(violation_id)s

-- name: is_known_person
select exists (select from account where id = %(user_id)s::text and disabled_at is null)
       or exists (select from principal_seen where user_id = %(user_id)s
                                               and not exists (select from account where id = %(user_id)s))

-- name: count_open
select count(*) from violation_seen where state = 'open' and last_seen > now() - '7 days'::interval

-- name: tail
select received_at, occurred_at, event_name, version as schema_version, kind, producer, app_version, verdict, body
  from event
 where (%(event_name)s::text is null or event_name = %(event_name)s)
   and (%(producer)s::text is null or producer = %(producer)s)
   and (not %(violations)s or verdict <> 'landed')
   and (%(since)s::timestamptz is null or received_at > %(since)s)
 order by received_at desc
 limit %(limit)s
