-- name: insert
insert into privacy_request (id, type, source, channel, jurisdiction, received_at, clock_from, due_on, due_at,
                             internal_at, claimed, words, created_by)
values (%(id)s, %(type)s, %(source)s, %(channel)s, %(jurisdiction)s, %(received_at)s, %(received_at)s, %(due_on)s,
        %(due_at)s, %(internal_at)s, %(claimed)s, %(words)s, %(actor)s)

-- name: insert_claim
insert into privacy_claim (request_id, kind, mac) values (%(request_id)s, %(kind)s, %(mac)s)

-- name: claims
select kind, mac from privacy_claim where request_id = %(request_id)s

-- name: lock
select id from privacy_request where id = %(request_id)s for update

-- name: lock_claims
-- Requests of one person are taken in, verified and linked one after the other. In order, so that nobody deadlocks.
select pg_advisory_xact_lock(hashtextextended(m, 4711018033)) from unnest(%(macs)s::text[]) as m order by m

-- name: same_claims
-- Open ones of the same kind that name somebody alike, or were found to be the same person's.
select r.id, r.verified_at, r.received_at, r.person_id
  from privacy_request as r
 where r.id <> %(request_id)s and r.type = %(type)s
   and r.state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
   and ((%(person_id)s::uuid is not null and r.person_id = %(person_id)s)
        or exists (select from privacy_claim as a join privacy_claim as b on b.kind = a.kind and b.mac = a.mac
                    where a.request_id = r.id and b.request_id = %(request_id)s))
 order by r.received_at, r.id
   for update of r

-- name: link
update privacy_request
   set state = 'duplicate', canonical_id = %(canonical_id)s, version = version + 1
 where id = %(request_id)s

-- name: relink
-- Those that were linked with what is now itself a duplicate.
update privacy_request set canonical_id = %(canonical_id)s, version = version + 1
 where canonical_id = %(request_id)s and id <> %(canonical_id)s

-- name: unlink
update privacy_request
   set state = 'identity', canonical_id = null, version = version + 1
 where id = %(request_id)s

-- name: clock_from
update privacy_request as r
   set clock_from = least(r.received_at, (select min(d.received_at) from privacy_request as d where d.canonical_id = r.id))
 where r.id = %(request_id)s

-- name: clock_of
select jurisdiction, clock_from, extended_at is not null as extended from privacy_request where id = %(request_id)s

-- name: pauses_of
select begun_at, ended_at from privacy_pause where request_id = %(request_id)s

-- name: set_clock
update privacy_request set due_on = %(due_on)s, due_at = %(due_at)s, internal_at = %(internal_at)s
 where id = %(request_id)s

-- name: verify
update privacy_request
   set state = %(state)s, canonical_id = null, blocked = '', person_id = %(person_id)s, verified_at = clock_timestamp(), verified_by = %(actor)s,
       verification = %(method)s, evidence = %(evidence)s, version = version + 1
 where id = %(request_id)s

-- name: note_failed
update privacy_request set blocked = 'proof of identity failed', evidence = %(evidence)s, version = version + 1
 where id = %(request_id)s

-- name: change
update privacy_request
   set owner = %(owner)s, jurisdiction = %(jurisdiction)s, state = %(state)s, closing = coalesce(%(closing)s, closing),
       completed_at = case when %(state)s in ('refused', 'withdrawn') then clock_timestamp() else completed_at end,
       version = version + 1
 where id = %(request_id)s

-- name: touch
update privacy_request set version = version + 1 where id = %(request_id)s

-- name: begin_pause
insert into privacy_pause (id, request_id, reason, words, begun_at, begun_by)
values (%(id)s, %(request_id)s, %(reason)s, %(words)s, clock_timestamp(), %(actor)s)
    on conflict (request_id) where ended_at is null do nothing
returning id

-- name: end_pause
update privacy_pause set ended_at = clock_timestamp(), ended_by = %(actor)s
 where request_id = %(request_id)s and ended_at is null
returning id

-- name: extend
update privacy_request set extended_at = clock_timestamp(), version = version + 1
 where id = %(request_id)s and extended_at is null
returning id

-- name: insert_extension
insert into privacy_extension (request_id, sent_by, reason, notice)
values (%(request_id)s, %(actor)s, %(reason)s, %(notice)s)

-- name: extension
select sent_at, sent_by, person_name(sent_by) as sent_by_name, reason, notice from privacy_extension where request_id = %(request_id)s

-- name: pauses
select id, reason, words, begun_at, begun_by, person_name(begun_by) as begun_by_name, ended_at from privacy_pause
 where request_id = %(request_id)s order by begun_at

-- name: linked
select 'PR-' || lpad(number::text, 4, '0') from privacy_request where canonical_id = %(request_id)s order by number

-- name: sealed
select claimed, words, evidence, closing, person_id from privacy_request where id = %(request_id)s

-- name: one
select r.id::text as request_id, 'PR-' || lpad(r.number::text, 4, '0') as reference, r.type, r.state as status, r.source,
       r.channel, r.jurisdiction, r.received_at as submitted_at, r.due_on, r.due_at, r.internal_at,
       exists (select from privacy_pause as p where p.request_id = r.id and p.ended_at is null) as paused,
       r.extended_at is not null as extended, r.owner, person_name(r.owner) as owner_name, r.verified_at, r.verified_by, person_name(r.verified_by) as verified_by_name,
       r.verification, 'PR-' || lpad(c.number::text, 4, '0') as duplicate_of,
       (select count(*) from privacy_request as d where d.canonical_id = r.id) as duplicates,
       (select round(100.0 * count(*) filter (where n.state in ('done', 'skipped')) / count(*))::integer
          from privacy_node as n
         where n.run_id = (select v.id from privacy_run as v where v.request_id = r.id order by v.begun_at desc limit 1)
        having count(*) > 0) as progress, r.blocked, r.completed_at, (select '/api/privacy/access-requests/' || r.id || '/package' from privacy_package as k
         where k.request_id = r.id and k.expires_at > now()) as artifacts_url, r.created_by,
       r.version
  from privacy_request as r left join privacy_request as c on c.id = r.canonical_id
 where r.id = %(request_id)s

-- name: page
-- What falls due first stands first.
select r.id::text as request_id, 'PR-' || lpad(r.number::text, 4, '0') as reference, r.type, r.state as status, r.source,
       r.channel, r.jurisdiction, r.received_at as submitted_at, r.due_on, r.due_at, r.internal_at,
       exists (select from privacy_pause as p where p.request_id = r.id and p.ended_at is null) as paused,
       r.extended_at is not null as extended, r.owner, person_name(r.owner) as owner_name, r.verified_at, r.verified_by, person_name(r.verified_by) as verified_by_name,
       r.verification, 'PR-' || lpad(c.number::text, 4, '0') as duplicate_of,
       (select count(*) from privacy_request as d where d.canonical_id = r.id) as duplicates,
       (select round(100.0 * count(*) filter (where n.state in ('done', 'skipped')) / count(*))::integer
          from privacy_node as n
         where n.run_id = (select v.id from privacy_run as v where v.request_id = r.id order by v.begun_at desc limit 1)
        having count(*) > 0) as progress, r.blocked, r.completed_at, (select '/api/privacy/access-requests/' || r.id || '/package' from privacy_package as k
         where k.request_id = r.id and k.expires_at > now()) as artifacts_url, r.created_by,
       r.version
  from (select * from privacy_request as r
         where (%(due_at)s::timestamptz is null or (r.due_at, r.id) > (%(due_at)s, %(last_id)s::uuid))
           and (not %(open)s or r.state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready'))
           and (%(states)s::text[] is null or r.state = any (%(states)s::text[]))
           and (%(types)s::text[] is null or r.type = any (%(types)s::text[]))
           and (%(owner)s::text is null or r.owner = %(owner)s)
           and (%(number)s::bigint is null or r.number = %(number)s)
           and (%(before)s::timestamptz is null or r.due_at < %(before)s)
         order by r.due_at, r.id
         limit %(limit)s) as r
  left join privacy_request as c on c.id = r.canonical_id
 order by r.due_at, r.id

-- name: figures
select type, state, count(*), count(*) filter (where internal_at <= %(now)s), count(*) filter (where due_at <= %(now)s),
       count(*) filter (where owner = %(user_id)s)
  from privacy_request
 where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
 group by type, state

-- name: count_open
select count(*) from privacy_request where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')

-- name: of_jurisdiction
select id from privacy_request
 where jurisdiction = %(code)s and state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
 order by id for update

-- name: standing_still
-- Clocks that stand move on day by day.
select r.id from privacy_request as r
 where r.state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
   and exists (select from privacy_pause as p where p.request_id = r.id and p.ended_at is null)

-- name: near
select r.id, 'PR-' || lpad(r.number::text, 4, '0') as reference, r.type, r.state, r.due_at, r.internal_at, r.owner, r.blocked
  from privacy_request as r
 where r.state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
   and r.due_at <= %(until)s

-- name: not_near
-- Requests that an alert was raised for and that are not near any more: done, or given more time.
select a.key from alert as a
 where a.source = 'privacy.requests' and a.valid_to = 'infinity' and a.condition = 'breached'
   and not (a.key = any (%(near)s::text[]))

-- name: watch_lock
select pg_try_advisory_xact_lock(4711018034)

-- name: internally_late
select r.id, 'PR-' || lpad(r.number::text, 4, '0') as reference, r.type, r.due_at, r.owner from privacy_request as r
 where r.state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
   and r.internal_at <= clock_timestamp() and r.reminded_at is null

-- name: note_reminded
update privacy_request set reminded_at = clock_timestamp() where id = %(request_id)s

-- name: measure
select (select count(*) from privacy_request where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')),
       (select count(*) from privacy_request where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready')
           and due_at <= now()),
       (select extract(epoch from min(due_at) - now()) from privacy_request
         where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready'))

-- name: known_person
select exists (select from account where id = %(person)s) or exists (select from principal_seen where user_id = %(person)s)

-- name: paused_all
select paused_at is not null from privacy_switch

-- name: package_secrets
select link, passphrase from privacy_package where request_id = %(request_id)s
