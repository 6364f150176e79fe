-- name: list_policies
select id::text as id, name, team, description, definition, archived_at, version, updated_at, updated_by
  from escalation_policy
 where (%(policy_id)s::uuid is null or id = %(policy_id)s)
   and (%(policy_id)s::uuid is not null or (archived_at is not null) = %(archived)s)
   and (%(after_name)s::text is null or (lower(name), id) > (%(after_name)s, %(after_id)s::uuid))
 order by lower(name), id
 limit %(limit)s

-- name: answered
-- Where pages of 90 days were acknowledged; the fallback is the step after the last.
select policy_id::text, coalesce(acknowledged_step, -1) as step, count(*)
  from page
 where policy_id = any (%(ids)s::uuid[]) and acknowledged_at > clock_timestamp() - interval '90 days'
 group by policy_id, step
 order by policy_id, step

-- name: list_versions
select version, recorded_at, recorded_by, name, definition, reason
  from escalation_policy_version
 where policy_id = %(policy_id)s and (%(before)s::bigint is null or version < %(before)s)
 order by version desc
 limit %(limit)s

-- name: lock_policy
select name, team, description, definition, archived_at, version from escalation_policy
 where id = %(policy_id)s for update

-- name: insert_policy
insert into escalation_policy (name, team, description, definition, updated_by)
values (%(name)s, %(team)s, %(description)s, %(definition)s, %(actor)s)
returning id, version

-- name: update_policy
update escalation_policy
   set name = %(name)s, team = %(team)s, description = %(description)s, definition = %(definition)s,
       archived_at = case when %(archived)s then coalesce(archived_at, clock_timestamp()) end,
       version = version + 1, updated_at = clock_timestamp(), updated_by = %(actor)s
 where id = %(policy_id)s
returning version

-- name: insert_version
insert into escalation_policy_version (policy_id, version, recorded_by, name, team, definition, reason)
values (%(policy_id)s, %(version)s, %(actor)s, %(name)s, %(team)s, %(definition)s, %(reason)s)

-- name: taken_name
select exists (select from escalation_policy where lower(name) = lower(%(name)s) and archived_at is null
                and id is distinct from %(policy_id)s::uuid)

-- name: known_schedules
select id::text from schedule where id::text = any (%(ids)s::text[]) and archived_at is null

-- name: schedules_of_policies
-- Which schedules each policy pages by.
select p.id::text as policy_id, p.name as policy_name,
       array(select distinct t ->> 'id'
               from jsonb_array_elements(p.definition -> 'steps') as s
              cross join lateral jsonb_array_elements(s -> 'targets') as t
              where t ->> 'kind' = 'on_call') as schedules
  from escalation_policy as p where p.archived_at is null
