-- name: parts
select n.id, n.name, n.title, e.part, e.sealed
  from privacy_export as e join privacy_node as n on n.id = e.node_id
 where n.run_id = (select id from privacy_run where request_id = %(request_id)s order by begun_at desc limit 1)
 order by n.position, e.part

-- name: redactions
select d.node_id, d.row, d.field from privacy_redaction as d join privacy_node as n on n.id = d.node_id
 where n.run_id = (select id from privacy_run where request_id = %(request_id)s order by begun_at desc limit 1)

-- name: insert_redaction
insert into privacy_redaction (node_id, row, field, redacted_by)
values (%(node_id)s, %(row)s, %(field)s, %(actor)s) on conflict do nothing
returning row

-- name: lock_request
select id from privacy_request where id = %(request_id)s for update

-- name: keep
insert into privacy_package (request_id, content, sha256, rows, redacted, link, passphrase, token_hash, released_by,
                             expires_at)
values (%(request_id)s, %(content)s, %(sha256)s, %(rows)s, %(redacted)s, %(link)s, %(passphrase)s, %(token_hash)s,
        %(actor)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    on conflict (request_id) do update
   set content = excluded.content, sha256 = excluded.sha256, rows = excluded.rows, redacted = excluded.redacted,
       link = excluded.link, passphrase = excluded.passphrase, token_hash = excluded.token_hash,
       released_at = excluded.released_at, released_by = excluded.released_by, expires_at = excluded.expires_at

-- name: set_ready
update privacy_request
   set state = 'ready', completed_at = coalesce(completed_at, clock_timestamp()), blocked = '', version = version + 1
 where id = %(request_id)s

-- name: of_token
select request_id, content, expires_at > clock_timestamp() as valid from privacy_package where token_hash = %(token_hash)s

-- name: note_download
insert into privacy_download (request_id, refused) values (%(request_id)s, %(refused)s)

-- name: set_fetched
update privacy_request set state = 'done', version = version + 1 where id = %(request_id)s and state = 'ready'
returning id

-- name: package
select sha256, rows, redacted, released_at, released_by, person_name(released_by) as released_by_name, expires_at, octet_length(content) as bytes
  from privacy_package where request_id = %(request_id)s

-- name: downloads
select at, refused from privacy_download where request_id = %(request_id)s order by at desc limit 100

-- name: forget_expired
-- The file a week after its link has ended; what was gathered for it as soon as the request is closed.
with gone as (delete from privacy_package where expires_at < now() - interval '7 days' returning request_id)
delete from privacy_export as e using privacy_node as n, privacy_run as r, privacy_request as q
 where n.id = e.node_id and r.id = n.run_id and q.id = r.request_id and q.state in ('done', 'refused', 'withdrawn')
