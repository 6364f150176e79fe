-- name: newest
select distinct on (key) key, version, content ->> 'title' as title, coalesce(content ->> 'description', '') as description,
       jsonb_array_length(content -> 'items') as items, jsonb_array_length(content -> 'roll') as roles,
       created_at, created_by, person_name(created_by) as created_by_name
  from launch_template
 order by key, version desc

-- name: template
select key, version, content, summary, created_at, created_by, person_name(created_by) as created_by_name
  from launch_template
 where key = %(key)s and (%(version)s::bigint is null or version = %(version)s)
 order by version desc
 limit 1

-- name: lock_key
select pg_advisory_xact_lock(4711018017 + hashtext(%(key)s::text))

-- name: newest_version
select coalesce(max(version), 0) from launch_template where key = %(key)s

-- name: insert
insert into launch_template (key, version, content, summary, created_by)
values (%(key)s, %(version)s, %(content)s, %(summary)s, %(actor)s)

-- name: roles_with
-- Which of these roles are there, and which of them may do something.
select id, %(permission)s = any (permissions) from role_definition where id = any (%(roles)s)

-- name: lessons
select id, item from launch_lesson where launch_id = %(launch_id)s and taken_into is null order by at, id for update

-- name: take_lessons
update launch_lesson set taken_into = %(version)s where id = any (%(ids)s)
