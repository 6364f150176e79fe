-- name: insert_notice
-- Who hears of it is settled now: a map that is changed later changes nothing that was said before. Where no route is,
-- nothing is kept.
insert into notice (team, severity, template, values, thread, phase, actions, connections, daily)
select %(team)s, %(severity)s, %(template)s, %(values)s, %(thread)s, %(phase)s, %(actions)s,
       coalesce(array_agg(r.connection_id) filter (where r.mode = 'at_once'), '{}'),
       coalesce(array_agg(r.connection_id) filter (where r.mode = 'daily'), '{}')
  from route as r
 where r.team = %(team)s and r.severity = %(severity)s
having count(*) > 0
returning id

-- name: insert_notice_for
-- For single people, by the first connection that sends mail. Where none does, nothing is kept.
insert into notice (team, severity, template, values, thread, phase, recipients, connections)
select %(team)s, %(severity)s, %(template)s, %(values)s, %(thread)s, %(phase)s, %(recipients)s, array[c.id]
  from connection as c join connection_health as h on h.connection_id = c.id
 where c.kind in ('smtp', 'sendgrid') and c.ready and c.removed_at is null
 order by h.stopped is not null, h.opened_until is not null, c.created_at, c.id
 limit 1
returning id

-- name: insert_notice_to
insert into notice (team, severity, template, values, thread, phase, actions, connections)
values (%(team)s, %(severity)s, %(template)s, %(values)s, %(thread)s, %(phase)s, %(actions)s, %(connections)s)
returning id

-- name: channels
-- Connections that hear of anything at all, and whether these teams hear of this severity by them at once.
select c.id::text as id, c.name, c.kind,
       exists (select from route as r
                where r.connection_id = c.id and r.team = any (%(teams)s::text[]) and r.severity = %(severity)s
                  and r.mode = 'at_once') as suggested
  from connection as c
 where exists (select from route as r where r.connection_id = c.id)
 order by lower(c.name), c.id

-- name: erase
-- That it was for single people stays, or it would go to whoever stands in the connection.
update notice set values = null, recipients = array_fill(''::text, array[cardinality(recipients)]), erased_at = clock_timestamp()
 where id = %(notice_id)s and erased_at is null
returning id

-- name: routes
select team, severity, connection_id::text as connection_id, mode from route order by team, severity, connection_id

-- name: map
select version, updated_at, updated_by from route_map

-- name: lock_map
select version from route_map for update

-- name: known_connections
select id::text from connection where id::text = any (%(ids)s::text[]) and removed_at is null

-- name: clear_routes
delete from route

-- name: insert_routes
insert into route (team, severity, connection_id, mode)
select team, severity, connection_id, mode
  from unnest(%(teams)s::text[], %(severities)s::text[], %(connections)s::uuid[], %(modes)s::text[])
       as r (team, severity, connection_id, mode)
    on conflict (team, severity, connection_id) do nothing

-- name: touch_map
update route_map set version = version + 1, updated_at = clock_timestamp(), updated_by = %(actor)s

-- name: templates
select distinct on (name, kind) name, kind, subject, text, version, updated_at, updated_by
  from message_template
 order by name, kind, version desc

-- name: template_versions
select name, kind, subject, text, version, updated_at, updated_by
  from message_template
 where name = %(name)s and kind = %(kind)s
 order by version desc
 limit 500

-- name: insert_template
insert into message_template (name, kind, version, subject, text, updated_by)
values (%(name)s, %(kind)s, %(version)s, %(subject)s, %(text)s, %(actor)s)
    on conflict do nothing
returning version

-- name: digest_due
-- The instant of the last daily message, when the hour has come again since.
update route_map set digested_at = clock_timestamp()
 where digested_at < date_trunc('day', clock_timestamp() - interval '8 hours') + interval '8 hours'
returning old.digested_at

-- name: digests
select c as connection_id, count(*) as count,
       array_agg(n.severity || ' · ' || coalesce(n.values ->> 'title', n.template) order by n.severity, n.created_at) as lines
  from notice as n cross join lateral unnest(n.daily) as c
 where n.created_at > %(since)s and n.daily <> '{}'
 group by c

-- name: insert_digest
insert into notice (team, severity, template, values, thread, phase, connections)
values ('operations', 'P4', 'digest.daily', %(values)s, %(thread)s, 'raised', array[%(connection_id)s::uuid])
returning id

-- name: contacts
select id::text as id, address, verified_at, version,
       case when verified_at is null then 'unverified' else 'verified' end as state
  from contact_method where user_id = %(user_id)s
 order by created_at, id

-- name: contact
select id::text as id, address, verified_at, version,
       case when verified_at is null then 'unverified' else 'verified' end as state
  from contact_method where id = %(contact_id)s and user_id = %(user_id)s

-- name: insert_contact
insert into contact_method as c (user_id, address, code_hash, code_until)
values (%(user_id)s, %(address)s, %(code_hash)s, clock_timestamp() + make_interval(mins => %(minutes)s))
    on conflict (user_id, address) do update
   set code_hash = excluded.code_hash, code_until = excluded.code_until, code_tries = 0, version = c.version + 1
 where c.verified_at is null
returning id

-- name: codes_one_by_one
select pg_advisory_xact_lock(hashtextextended('codes of addresses', 0))

-- name: codes_sent
-- To one mailbox, which is the same whatever follows a plus, and of one person, whose addresses may be gone again.
select (select count(*) from notice as n
         where n.template = 'contact.code' and n.created_at > clock_timestamp() - interval '1 hour'
           and exists (select from unnest(n.recipients) as r(address)
                        where regexp_replace(lower(r.address), '\+[^@]*@', '@')
                            = regexp_replace(lower(%(address)s), '\+[^@]*@', '@'))),
       (select count(*) from audit_log
         where resource_type = 'contact_method' and action = 'deliveries.contact.added' and actor = %(user_id)s
           and at > clock_timestamp() - interval '1 day')

-- name: count_contacts
select count(*) from contact_method where user_id = %(user_id)s

-- name: lock_contact
select id, address, verified_at, code_hash, code_until > clock_timestamp() as fresh, code_tries, version
  from contact_method where id = %(contact_id)s and user_id = %(user_id)s for update

-- name: count_try
update contact_method set code_tries = code_tries + 1 where id = %(contact_id)s

-- name: verify_contact
update contact_method set verified_at = clock_timestamp(), code_hash = null, version = version + 1
 where id = %(contact_id)s

-- name: delete_contact
delete from contact_method where id = %(contact_id)s and user_id = %(user_id)s returning address

-- name: addresses
select user_id, address from contact_method
 where user_id = any (%(user_ids)s::text[]) and verified_at is not null
 order by created_at, id

-- name: seed_routes
insert into route (team, severity, connection_id, mode)
select %(team)s, severity, %(connection_id)s, 'at_once' from unnest(array['P1', 'P2', 'P3', 'P4']) as severity
    on conflict do nothing

-- name: version_of
select version from route_map

-- name: reachable
-- Of some people, those a mail would get to: an address is verified, and a connection sends mail.
select distinct user_id from contact_method
 where user_id = any (%(user_ids)s::text[]) and verified_at is not null
   and exists (select from connection as c where c.kind in ('smtp', 'sendgrid') and c.ready and c.removed_at is null)

-- name: receipts
-- What became of notices, by connection. What was sent is forgotten after a while; what was not tried yet waits.
select n.id as notice_id, c.id::text as connection_id, c.name as connection_name,
       coalesce(d.state, case when p.position < l.cursor or n.erased_at is not null then 'forgotten' else 'waiting' end) as state,
       coalesce(d.attempts, 0) as attempts, d.ended_at,
       extract(epoch from d.ended_at - n.created_at)::double precision as seconds, coalesce(d.words, '') as words
  from notice as n
 cross join lateral unnest(n.connections) as sent_by (connection_id)
  join connection as c on c.id = sent_by.connection_id
  join lane as l on l.connection_id = c.id and l.source = 'log'
  left join audit_position as p on p.resource_id = n.id::text and p.action = 'deliveries.notice.written'
  left join delivery as d on d.lane_id = l.id and d.position = p.position
 where n.id = any (%(notice_ids)s::uuid[])
 order by n.id, c.name

-- name: thread_notices
select id, template, team, created_at as written_at, cardinality(recipients) as people
  from notice where thread = %(thread)s
 order by created_at desc, id desc
 limit %(limit)s
