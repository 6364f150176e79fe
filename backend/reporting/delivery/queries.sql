-- name: frozen
select r.content, r.reconciliation, g.regime, r.region, r.period_start, r.period_end, r.state, r.sha256
  from tax_report as r join tax_registration as g on g.region = r.region
 where r.id = %(report_id)s

-- name: insert_file
insert into tax_file (report_id, format, name, sha256, bytes)
values (%(report_id)s, %(format)s, %(name)s, %(sha256)s, %(bytes)s)
on conflict do nothing

-- name: files
select format, name, sha256, bytes, made_at from tax_file where report_id = %(report_id)s order by format

-- name: file
select format, name, sha256, bytes, made_at from tax_file where report_id = %(report_id)s and format = %(format)s

-- name: without_files
-- Approved, and not all its files are kept yet.
select r.id from tax_report as r
 where r.state in ('approved', 'delivered', 'acknowledged', 'archived')
   and not exists (select from tax_file as f where f.report_id = r.id)
 order by r.approved_at limit 20

-- name: ask_delivery
insert into tax_delivery (report_id, asked_by) values (%(report_id)s, %(actor)s)
on conflict (report_id) do nothing returning report_id

-- name: delivery
select state, asked_by, asked_at, attempts, problem, delivered_at from tax_delivery where report_id = %(report_id)s

-- name: lock_delivery
select state from tax_delivery where report_id = %(report_id)s for update

-- name: note_attempt
update tax_delivery set attempts = attempts + 1, problem = %(problem)s where report_id = %(report_id)s

-- name: set_delivered
update tax_delivery set state = 'delivered', problem = null, delivered_at = clock_timestamp()
 where report_id = %(report_id)s and state = 'waiting'

-- name: set_acknowledged
update tax_delivery set state = 'acknowledged' where report_id = %(report_id)s

-- name: awaiting
select d.report_id, f.name, d.delivered_at < clock_timestamp() - make_interval(days => %(days)s) as late
  from tax_delivery as d
  join tax_report as r on r.id = d.report_id and r.state = 'delivered'
  join tax_file as f on f.report_id = d.report_id and f.format = 'json'
 where d.state = 'delivered' order by d.delivered_at limit 200

-- name: insert_link
insert into tax_link (token_hash, report_id, format, made_by, expires_at)
values (%(token_hash)s, %(report_id)s, %(format)s, %(actor)s, clock_timestamp() + make_interval(secs => %(seconds)s))
returning expires_at

-- name: of_token
select report_id, format, made_by, expires_at > clock_timestamp() as valid from tax_link
 where token_hash = %(token_hash)s

-- name: note_download
insert into tax_download (report_id, format, by, refused) values (%(report_id)s, %(format)s, %(by)s, %(refused)s)

-- name: downloads
select format, at, by, refused from tax_download where report_id = %(report_id)s order by at desc limit 100

-- name: forget_links
delete from tax_link where expires_at < now() - interval '30 days'
