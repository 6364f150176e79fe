-- name: insert
insert into data_key (owner_id, purpose, kek, wrapped) values (%(owner_id)s, %(purpose)s, %(kek)s, %(wrapped)s)

-- name: hold
-- A destroy waits until whoever seals or opens has committed.
select kek, wrapped from data_key where owner_id = %(owner_id)s for key share

-- name: read_many
select owner_id, kek, wrapped from data_key where owner_id = any(%(owner_ids)s::uuid[])

-- name: destroy
with gone as (delete from data_key where owner_id = %(owner_id)s returning owner_id, purpose)
insert into data_key_end (owner_id, purpose) select owner_id, purpose from gone
returning ended_at

-- name: outdated
select owner_id, kek, wrapped from data_key where kek = %(kek)s and (%(after)s::uuid is null or owner_id > %(after)s)
 order by owner_id
 limit %(limit)s
   for update skip locked

-- name: rewrap
update data_key as d set kek = %(current)s, wrapped = fresh.wrapped, wrapped_at = now()
  from unnest(%(owner_ids)s::uuid[], %(keks)s::text[], %(wraps)s::bytea[]) as fresh (owner_id, kek, wrapped)
 where d.owner_id = fresh.owner_id and d.kek = fresh.kek

-- name: any_outdated
select exists (select from data_key where kek <> %(current)s and kek = any(%(known)s))

-- name: everything
select owner_id, purpose, kek, wrapped from data_key

-- name: take_back
-- Keys of a copy, where the restored database has none: it came from a dump, which holds no keys.
insert into data_key (owner_id, purpose, kek, wrapped)
select * from unnest(%(owner_ids)s::uuid[], %(purposes)s::text[], %(keks)s::text[], %(wraps)s::bytea[])
    on conflict (owner_id) do nothing

-- name: newest_copy
select made_at, keys, (select max(ended_at) from data_key_end) as destroyed_at,
       exists (select from data_key as d where d.wrapped_at > c.made_at) as outdated
  from key_copy as c order by made_at desc limit 1

-- name: insert_copy
insert into key_copy (made_at, file, keys) values (%(made_at)s, %(file)s, %(keys)s)

-- name: forget_copies
delete from key_copy where made_at < now() - interval '30 days'

-- name: count
select count(*) from data_key

-- name: copy_lock
select pg_try_advisory_xact_lock(4711018031)

-- name: discard
delete from data_key where owner_id = %(owner_id)s
