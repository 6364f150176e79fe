-- name: unknown_people
select id from unnest(%(people)s::text[]) as id
 where not exists (select from account as a where a.id = id.id)
   and not exists (select from principal_seen as p where p.user_id = id.id)
   and not exists (select from role_assignment as r where r.user_id = id.id)

-- name: names
select id, person_name(id) from unnest(%(people)s::text[]) as id
