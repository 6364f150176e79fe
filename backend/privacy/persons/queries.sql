-- name: find
select kind, mac, person_id from person_index
 where (kind, mac) in (select * from unnest(%(kinds)s::text[], %(macs)s::bytea[]))

-- name: insert_person
insert into person default values returning id

-- name: insert_index
insert into person_index (kind, mac, person_id, sealed) values (%(kind)s, %(mac)s, %(person_id)s, %(sealed)s)
    on conflict (kind, mac) do nothing
returning person_id

-- name: remove_unused
-- A person that lost the race for all identifiers: nothing refers to it yet.
delete from person where id = %(person_id)s

-- name: index_of
select kind, mac, sealed from person_index where person_id = %(person_id)s order by kind, mac

-- name: index_of_many
select person_id, kind, mac, sealed from person_index where person_id = any(%(person_ids)s::uuid[]) order by kind, mac

-- name: forget
delete from person_index where person_id = %(person_id)s

-- name: mark_erased
update person set erased_at = now() where id = %(person_id)s and erased_at is null returning erased_at
