-- name: insert_note
insert into note (text, written_by) values (%(text)s, %(actor)s)
returning id::text as id, text, links, written_by, written_at, done_by, version

-- name: lock_note
select id::text as id, text, links, written_by, written_at, done_by, version
  from note where id = %(note_id)s
   for update

-- name: finish_note
update note set done_by = %(actor)s, version = version + 1 where id = %(note_id)s
returning id::text as id, text, links, written_by, written_at, done_by, version

-- name: keep_links
update note set links = %(links)s, version = version + 1 where id = %(note_id)s
returning id::text as id, text, links, written_by, written_at, done_by, version

-- name: note
select id::text as id, text, links, written_by, written_at, done_by, version from note where id = %(note_id)s

-- name: open_page
select id::text as id, text, links, written_by, written_at, done_by, version
  from note
 where done_by is null
   and (%(written_at)s::timestamptz is null or (written_at, id) < (%(written_at)s, %(last_id)s::uuid))
 order by written_at desc, id desc
 limit %(limit)s

-- name: count_open
select count(*) from note where done_by is null
