-- name: zones
select person, zone from person_zone where person = any (%(people)s::text[])

-- name: person_zone
select person, zone, version from person_zone where person = %(person)s

-- name: set_zone
insert into person_zone as z (person, zone, updated_by) values (%(person)s, %(zone)s, %(actor)s)
    on conflict (person) do update
   set zone = excluded.zone, version = z.version + 1, updated_at = clock_timestamp(), updated_by = excluded.updated_by
 where z.zone <> excluded.zone
returning version

-- name: paged
-- When each person was paged, tests aside.
select person, array_agg(c.at) from page_call as c
  join page as p on p.id = c.page_id
 cross join lateral unnest(c.people) as person
 where c.at >= %(start)s and c.at < %(end)s and not p.test
 group by person
