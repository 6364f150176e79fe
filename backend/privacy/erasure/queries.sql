-- name: lock_request
select id from privacy_request where id = %(request_id)s for update

-- name: approve
update privacy_request
   set state = 'waiting', approved_at = clock_timestamp(), approved_by = %(actor)s, blocked = '',
       erases_at = clock_timestamp() + make_interval(secs => %(seconds)s), version = version + 1
 where id = %(request_id)s and state = 'approval'
returning id

-- name: known_entries
select entry_id from erasure_applied where complete

-- name: note_applied
insert into erasure_applied (entry_id, person_id, at, rows, complete)
values (%(entry_id)s, %(person_id)s, %(at)s, %(rows)s, %(complete)s)
    on conflict (entry_id) do update
   set applied_at = clock_timestamp(), rows = erasure_applied.rows + excluded.rows,
       complete = erasure_applied.complete or excluded.complete

-- name: index_of
select kind, encode(mac, 'hex') from person_index where person_id = %(person_id)s order by kind, mac

-- name: insert_certificate
insert into erasure_certificate (request_id, run_id, text, vkey) values (%(request_id)s, %(run_id)s, %(text)s, %(vkey)s)
    on conflict (request_id) do nothing

-- name: certificate
select text, vkey, issued_at from erasure_certificate where request_id = %(request_id)s

-- name: replay_lock
select pg_try_advisory_lock(4711018035)

-- name: unlock_replay
select pg_advisory_unlock(4711018035)

-- name: text_columns
select c.relname::text, a.attname::text, t.typname in ('bytea', '_bytea')
  from pg_class as c join pg_attribute as a on a.attrelid = c.oid join pg_type as t on t.oid = a.atttypid
 where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
   and t.typname in ('text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'bytea', 'inet', 'cidr', '_text', '_varchar')
   and has_column_privilege(c.oid, a.attnum, 'select')
 order by 1, a.attnum

-- name: statistics
select concat_ws(' ', s.most_common_vals::text, s.histogram_bounds::text, s.most_common_elems::text) from pg_stats as s
 where s.schemaname = 'public'
   and lower(concat_ws(' ', s.most_common_vals::text, s.histogram_bounds::text, s.most_common_elems::text))
       like any (%(patterns)s::text[])
