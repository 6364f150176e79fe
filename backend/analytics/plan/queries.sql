-- name: lock_plan
select version, stamp from tracking_plan for update

-- name: plan_stamp
select version, stamp from tracking_plan

-- name: next_plan
update tracking_plan set version = version + %(versions)s, stamp = stamp + 1 returning version

-- name: lock_event
select pg_advisory_xact_lock(hashtextextended('event ' || %(event_key)s, 0))

-- name: same_key
select event_name from event_schema where event_key = %(event_key)s limit 1

-- name: insert_draft
insert into event_schema (event_name, event_key, version, description, owners, properties, additional_properties,
                          definitions, feed, created_by)
select %(event_name)s, %(event_key)s,
       coalesce((select max(version) from event_schema where event_name = %(event_name)s), 0) + 1,
       %(description)s, %(owners)s, %(properties)s, %(additional_properties)s, %(definitions)s, %(feed)s, %(actor)s
 where not exists (select from event_schema where event_name = %(event_name)s and state = 'draft')
returning version

-- name: change_draft
update event_schema
   set description = %(description)s, owners = %(owners)s, properties = %(properties)s,
       additional_properties = %(additional_properties)s, definitions = %(definitions)s, feed = %(feed)s,
       revision = revision + 1
 where event_name = %(event_name)s and version = %(version)s

-- name: delete_draft
delete from event_schema where event_name = %(event_name)s and version = %(version)s and state = 'draft'

-- name: lock_version
select event_name, version, state, description, owners, properties, additional_properties, definitions, feed,
       deprecated_until, revision, created_by, created_at, published_by, published_at
  from event_schema where event_name = %(event_name)s and version = %(version)s
   for update

-- name: one_version
select event_name, version, state, description, owners, properties, additional_properties, definitions, feed,
       deprecated_until, revision, created_by, created_at, published_by, published_at
  from event_schema where event_name = %(event_name)s and version = %(version)s

-- name: versions_page
select event_name, version, state, description, owners, properties, additional_properties, definitions, feed,
       deprecated_until, revision, created_by, created_at, published_by, published_at
  from event_schema
 where event_name = %(event_name)s and (%(below)s::bigint is null or version < %(below)s)
 order by version desc
 limit %(limit)s

-- name: live
select event_name, version, state, description, owners, properties, additional_properties, definitions, feed,
       deprecated_until, revision, created_by, created_at, published_by, published_at
  from event_schema where state in ('observed', 'enforced', 'deprecated')
 order by event_name, version

-- name: published
select event_name, version, state, description, owners, properties, additional_properties, definitions, feed,
       deprecated_until, revision, created_by, created_at, published_by, published_at
  from event_schema where state <> 'draft'
 order by event_name, version

-- name: plan_at
select s.event_name, s.version, l.state, s.description, s.owners, s.properties, s.additional_properties,
       s.definitions, s.feed, l.until as deprecated_until, s.revision, s.created_by, s.created_at, s.published_by,
       s.published_at
  from event_schema as s
  join lateral (select state, until from event_schema_state as l
                 where (l.event_name, l.version) = (s.event_name, s.version) and l.plan_version <= %(plan_version)s
                 order by plan_version desc limit 1) as l on l.state <> 'retired'
 order by s.event_name, s.version

-- name: set_state
update event_schema
   set state = %(state)s, deprecated_until = %(until)s, revision = revision + 1,
       published_by = coalesce(published_by, %(actor)s), published_at = coalesce(published_at, now())
 where event_name = %(event_name)s and version = %(version)s

-- name: insert_state
insert into event_schema_state (plan_version, event_name, version, state, until, actor)
values (%(plan_version)s, %(event_name)s, %(version)s, %(state)s, %(until)s, %(actor)s)

-- name: enforced_version
select version from event_schema where event_name = %(event_name)s and state = 'enforced' for update

-- name: judged_by
select version from event_schema
 where event_name = %(event_name)s
   and (state in ('observed', 'enforced') or (state = 'deprecated' and deprecated_until > now()))
 order by array_position(array['enforced', 'deprecated', 'observed'], state), version desc
 limit 1

-- name: compared_with
-- Also one that is retired: else its place could be taken by anything, bit by bit.
select version from event_schema
 where event_name = %(event_name)s and state <> 'draft'
 order by array_position(array['enforced', 'deprecated', 'observed', 'retired'], state), version desc
 limit 1

-- name: modes
select event_name, environment, mode, version, updated_by, updated_at from event_mode order by event_name, environment

-- name: lock_mode
select event_name, environment, mode, version, updated_by, updated_at
  from event_mode where event_name = %(event_name)s and environment = %(environment)s
   for update

-- name: put_mode
insert into event_mode (event_name, environment, mode, updated_by)
values (%(event_name)s, %(environment)s, %(mode)s, %(actor)s)
on conflict (event_name, environment) do update
   set mode = excluded.mode, version = event_mode.version + 1, updated_by = excluded.updated_by, updated_at = now()
returning event_name, environment, mode, version, updated_by, updated_at

-- name: is_planned
select exists (select from event_schema where event_name = %(event_name)s and state <> 'draft')

-- name: has_events
select exists (select from event_count where event_name = %(event_name)s and hour > now() - '7 days'::interval)

-- name: planned_page
with names as (
    select distinct event_name from event_schema
     where (%(after)s::text is null or event_name > %(after)s)
       and (%(owner)s::text is null or %(owner)s = any (owners))
       and not exists (select from unnest(%(words)s::text[]) as w
                        where event_name not ilike '%%' || w || '%%' and description not ilike '%%' || w || '%%')
     order by event_name limit %(limit)s)
select n.event_name, s.version, s.state, d.version as draft_version, coalesce(m.mode, 'observe') as mode, s.owners,
       array(select person_name(o) from unnest(s.owners) with ordinality as g (o, place) order by place) as owner_names,
       e.version as mode_version,
       array(select coalesce((select sum(count) from event_count as c
                               where c.event_name = n.event_name and c.hour >= day and c.hour < day + '1 day'::interval
                                 and c.verdict not in ('rejected', 'replayed')), 0)::bigint
               from generate_series(date_trunc('day', now()) - '6 days'::interval, date_trunc('day', now()),
                                    '1 day') as day order by day) as daily,
       coalesce((select sum(count) from event_count as c
                  where c.event_name = n.event_name and c.hour >= date_trunc('day', now()) - '6 days'::interval
                    and c.verdict not in ('rejected', 'replayed')), 0)::bigint as volume,
       coalesce((select sum(v.count) from violation_day as v join violation_group as g on g.id = v.group_id
                  where g.event_name = n.event_name and v.day >= current_date - 6), 0)::bigint as violations
  from names as n
  join lateral (select version, state, owners from event_schema as s where s.event_name = n.event_name
                 order by array_position(array['enforced', 'deprecated', 'observed', 'draft', 'retired'], state),
                          version desc limit 1) as s on true
  left join event_schema as d on d.event_name = n.event_name and d.state = 'draft'
  left join event_mode as e on e.event_name = n.event_name and e.environment = %(environment)s
  left join event_mode as m on (m.event_name, m.environment) = (e.event_name, e.environment) and s.state <> 'observed'
 order by n.event_name
