-- name: polls
select p.id::text as poll_id, p.launch_id::text as launch_id, p.round, p.question, p.state, p.evidence_version,
       p.held_since, p.opened_at, p.opened_by, person_name(p.opened_by) as opened_by_name, p.closed_at, p.closed_by,
       person_name(p.closed_by) as closed_by_name, p.verdict,
       exists (select from launch_record as r where r.poll_id = p.id and r.json is not null) as record_ready, p.version
  from launch_poll as p
 where p.launch_id = %(launch_id)s and (%(poll_id)s::uuid is null or p.id = %(poll_id)s)
   and (%(round)s::bigint is null or p.round < %(round)s)
 order by p.round desc
 limit %(limit)s

-- name: lock
-- A statement of its own: what follows sees all that was committed before the lock.
select evidence_version, launch_id::text from launch_poll where id = %(poll_id)s and state = 'open' for no key update

-- name: insert
insert into launch_poll (launch_id, round, question, opened_by)
select %(launch_id)s, coalesce(max(round), 0) + 1, %(question)s, %(actor)s
  from launch_poll where launch_id = %(launch_id)s
returning id

-- name: insert_evidence
insert into launch_evidence (poll_id, key, number, value, low, high, stale_after, data_through, late_at, good_until,
                             evaluated_at, verdict, detail, binds)
select %(poll_id)s, key, number, value, low, high, stale_after, data_through, late_at, good_until, evaluated_at, verdict,
       detail, array(select jsonb_array_elements_text(binds))
  from jsonb_to_recordset(%(rows)s) as e (key text, number integer, value double precision, low double precision,
           high double precision, stale_after double precision, data_through timestamptz, late_at timestamptz,
           good_until timestamptz, evaluated_at timestamptz, verdict text, detail text, binds jsonb)

-- name: update_evidence
update launch_evidence as o
   set value = e.value, data_through = e.data_through, late_at = e.late_at, good_until = e.good_until,
       evaluated_at = e.evaluated_at, detail = e.detail, verdict = e.verdict,
       changed_at = case when o.verdict <> e.verdict then clock_timestamp() else o.changed_at end
  from jsonb_to_recordset(%(rows)s) as e (key text, value double precision, data_through timestamptz,
           late_at timestamptz, good_until timestamptz, evaluated_at timestamptz, verdict text, detail text)
 where o.poll_id = %(poll_id)s and o.key = e.key

-- name: evidence
select key, value, low, high, stale_after, data_through, late_at, good_until, evaluated_at, verdict, changed_at, detail
  from launch_evidence where poll_id = %(poll_id)s order by number

-- name: votes
select role, choice, standing, evidence_version, person, person_name(person) as person_name, reason, at, second_factor_at,
       delegated_by, changed_at, changed,
       case when override is null then null
            else override || jsonb_build_object('askedByName', person_name(override ->> 'askedBy'),
                                                'approvedByName', person_name(override ->> 'approvedBy')) end
           as override,
       version
  from launch_vote where poll_id = %(poll_id)s

-- name: vote_go
-- The lock is held; clock_timestamp(), because now() stood still while it was waited for. What goes stale, and a worker
-- that has died, need no event: they are compared here. Figures that bind other roles do not matter.
insert into launch_vote as v (poll_id, role, choice, evidence_version, person, reason, second_factor_at, delegated_by)
select p.id, %(role)s, 'GO', p.evidence_version, %(person)s, %(reason)s, %(second_factor_at)s, %(delegated_by)s
  from launch_poll as p
 where p.id = %(poll_id)s and p.state = 'open' and p.evidence_version = %(seen)s
   and not exists (select from launch_evidence as e
                    where e.poll_id = p.id and (cardinality(e.binds) = 0 or %(role)s = any (e.binds))
                      and (e.verdict <> 'inside' or e.good_until <= clock_timestamp()
                           or e.evaluated_at < clock_timestamp() - interval '2 s'))
    on conflict (poll_id, role) do update
   set choice = 'GO', standing = 'counted', evidence_version = excluded.evidence_version, person = excluded.person,
       reason = excluded.reason, second_factor_at = excluded.second_factor_at, delegated_by = excluded.delegated_by,
       at = clock_timestamp(), changed_at = null, changed = '{}', override = null, version = v.version + 1
returning version

-- name: vote_other
-- HOLD and NO-GO are never refused for evidence.
insert into launch_vote as v (poll_id, role, choice, evidence_version, person, reason, second_factor_at, delegated_by)
select p.id, %(role)s, %(choice)s, p.evidence_version, %(person)s, %(reason)s, %(second_factor_at)s, %(delegated_by)s
  from launch_poll as p
 where p.id = %(poll_id)s and p.state = 'open'
    on conflict (poll_id, role) do update
   set choice = excluded.choice, standing = 'counted', evidence_version = excluded.evidence_version,
       person = excluded.person, reason = excluded.reason, second_factor_at = excluded.second_factor_at,
       delegated_by = excluded.delegated_by, at = clock_timestamp(), changed_at = null, changed = '{}', override = null,
       version = v.version + 1
returning version

-- name: raise_version
update launch_poll
   set evidence_version = evidence_version + 1, version = version + 1,
       held_since = case when %(held)s then clock_timestamp() else held_since end
 where id = %(poll_id)s
returning evidence_version

-- name: void_votes
update launch_vote
   set standing = 'evidence changed', changed_at = clock_timestamp(), changed = %(changed)s, version = version + 1
 where poll_id = %(poll_id)s and choice = 'GO' and standing = 'counted' and (%(everybody)s or role = any (%(roles)s))
returning role, version

-- name: override
update launch_vote set override = %(override)s, version = version + 1
 where poll_id = %(poll_id)s and role = %(role)s and choice = 'NO-GO' and version = %(version)s
returning version

-- name: touch
update launch_poll set version = version + 1 where id = %(poll_id)s

-- name: close
update launch_poll
   set state = 'closed', closed_at = %(at)s, closed_by = %(actor)s, verdict = %(verdict)s,
       sealed = %(sealed)s, version = version + 1
 where id = %(poll_id)s

-- name: open_polls
select p.id::text, p.launch_id::text from launch_poll as p where p.state = 'open' order by p.opened_at

-- name: try_watch_lock
select pg_try_advisory_xact_lock(4711018018)

-- name: measured
select (select count(*) from launch_poll where state = 'open'),
       (select coalesce(extract(epoch from clock_timestamp() - min(e.evaluated_at)), 0)::float8
          from launch_evidence as e join launch_poll as p on p.id = e.poll_id where p.state = 'open'),
       (select count(*) from launch_poll as p where p.state = 'closed'
           and not exists (select from launch_record as r where r.poll_id = p.id and r.json is not null))

-- name: status_key
-- What a status of an open poll is made of, by versions; null when no poll is open.
select p.id, p.version, l.version, (select min(e.evaluated_at) from launch_evidence as e where e.poll_id = p.id),
       (select sum(i.version) from launch_item as i where i.launch_id = l.id), clock_timestamp()
  from launch as l join launch_poll as p on p.launch_id = l.id and p.state = 'open'
 where l.id = %(launch_id)s
