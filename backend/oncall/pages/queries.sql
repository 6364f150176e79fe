-- name: lock_policy
-- For share: no version is written while a page begins under this one.
select id, name, team, definition, version, archived_at from escalation_policy where id = %(policy_id)s for share

-- name: insert_page
insert into page (policy_id, policy_version, subject_kind, subject_id, title, severity, link, team, test, started_at,
                  started_by)
values (%(policy_id)s, %(policy_version)s, %(subject_kind)s, %(subject_id)s, %(title)s, %(severity)s, %(link)s,
        %(team)s, %(test)s, clock_timestamp(), %(actor)s)
    on conflict (subject_kind, subject_id) where state <> 'resolved' do nothing
returning id

-- name: lock_page
select p.id, p.policy_id, p.policy_version, v.name as policy_name, v.definition, p.subject_kind, p.subject_id, p.title,
       p.severity, p.link, p.team, p.test, p.state, p.started_at, p.started_by, p.round, p.next_step, p.waits_since,
       p.next_at, p.exhausted_at, p.acknowledged_by, p.acknowledged_until, p.version
  from page as p
  left join escalation_policy_version as v on v.policy_id = p.policy_id and v.version = p.policy_version
 where p.id = %(page_id)s
   for no key update of p

-- name: open_page
select id from page where subject_kind = %(subject_kind)s and subject_id = %(subject_id)s and state <> 'resolved'

-- name: due_pages
-- Also those whose wait began later than now: the clock was set back, and they would wait for as long again.
select id from page
 where (next_at <= clock_timestamp() or (next_at is not null and waits_since > clock_timestamp() + interval '1 s'))
 order by next_at
 limit 100
   for no key update skip locked

-- name: update_page
update page
   set state = %(state)s, round = %(round)s, next_step = %(next_step)s, waits_since = %(waits_since)s,
       next_at = %(next_at)s, exhausted_at = %(exhausted_at)s, version = version + 1
 where id = %(page_id)s
returning version

-- name: rearm
update page set next_at = clock_timestamp() + (next_at - waits_since), waits_since = clock_timestamp()
 where id = %(page_id)s

-- name: acknowledge
update page
   set state = 'acknowledged', acknowledged_at = clock_timestamp(), acknowledged_by = %(actor)s,
       acknowledged_step = (select step from page_call where page_id = %(page_id)s order by number desc limit 1),
       acknowledged_until = clock_timestamp() + make_interval(mins => %(minutes)s),
       waits_since = case when %(minutes)s::integer is not null then clock_timestamp() end,
       next_at = clock_timestamp() + make_interval(mins => %(minutes)s), version = version + 1
 where id = %(page_id)s
returning version

-- name: resolve
update page
   set state = 'resolved', resolved_at = clock_timestamp(), resolved_by = %(actor)s, reason = %(reason)s,
       next_at = null, waits_since = null, version = version + 1
 where id = %(page_id)s
returning version

-- name: insert_call
insert into page_call (page_id, number, round, step, at, people, rosters, tzdata, words)
select %(page_id)s, coalesce(max(number), 0) + 1, %(round)s, %(step)s, %(at)s, %(people)s, %(rosters)s, %(tzdata)s,
       %(words)s
  from page_call where page_id = %(page_id)s
returning number

-- name: insert_notices
insert into page_notice (page_id, number, person, notice_id)
select %(page_id)s, %(number)s, person, notice_id from unnest(%(people)s::text[], %(notices)s::uuid[]) as n (person, notice_id)

-- name: reached
-- Who has had anything of a page so far: people, and the team as nobody.
select distinct person from page_notice where page_id = %(page_id)s and notice_id is not null

-- name: names
select id as person, person_name(id) as name from unnest(%(people)s::text[]) as id

-- name: list_pages
select p.id::text as id, p.policy_id::text as policy_id, v.name as policy_name, p.policy_version, p.subject_kind,
       p.subject_id, p.title, p.severity, p.link, p.team, p.state, p.test, p.started_at, p.started_by, p.round,
       p.next_at, p.exhausted_at, p.acknowledged_at, p.acknowledged_by, p.acknowledged_until, p.resolved_at,
       p.resolved_by, p.reason, p.version,
       (select coalesce(array_agg(distinct person), '{}') from page_call as c cross join lateral unnest(c.people) as person
         where c.page_id = p.id) as paged,
       (select coalesce(jsonb_object_agg(person, person_name(person)), '{}')
          from (select unnest(array[p.started_by, p.acknowledged_by, p.resolved_by]) as person
                 union
                select unnest(c.people) from page_call as c where c.page_id = p.id) as known
         where person is not null) as names
  from page as p
  left join escalation_policy_version as v on v.policy_id = p.policy_id and v.version = p.policy_version
 where (%(states)s::text[] is null or p.state = any (%(states)s))
   and (%(test)s::boolean is null or p.test = %(test)s)
   and (%(subject_kind)s::text is null or (p.subject_kind = %(subject_kind)s and p.subject_id = %(subject_id)s))
   and (%(page_id)s::uuid is null or p.id = %(page_id)s)
   and (%(started_at)s::timestamptz is null or (p.started_at, p.id) < (%(started_at)s, %(after)s::uuid))
 order by p.started_at desc, p.id desc
 limit %(limit)s

-- name: calls
select c.page_id, c.number, c.round, c.step, c.at, c.people, c.rosters, c.tzdata, c.words
  from page_call as c where c.page_id = any (%(page_ids)s::uuid[]) order by c.page_id, c.number

-- name: notices
select page_id, number, person, notice_id from page_notice where page_id = any (%(page_ids)s::uuid[])

-- name: count_waiting
select count(*) from page as p
 where p.state = 'open'
   and exists (select from page_call as c where c.page_id = p.id and %(person)s = any (c.people))

-- name: figures
select count(*) filter (where state = 'open' and not test) as open,
       count(*) filter (where state = 'acknowledged' and not test) as acknowledged,
       count(*) filter (where exhausted_at is not null and state = 'open' and not test) as exhausted,
       coalesce(max(extract(epoch from clock_timestamp() - started_at)) filter (where state = 'open' and not test), 0)
           ::double precision as oldest
  from page where state <> 'resolved'
