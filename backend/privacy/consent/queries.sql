-- name: lock_person
-- What one says is told one after the other, and nobody is erased meanwhile.
select kek, wrapped from data_key where owner_id = %(person_id)s for no key update

-- name: insert
with before as (select status, at from consent
                 where person_id = %(person_id)s and consent_type = %(consent_type)s
                 order by at desc, id desc limit 1)
insert into consent (id, person_id, consent_type, status, at, policy_version, text_id, channel, jurisdiction, gpc,
                     granted_change, asked_change, evidence, source_id, recorded_at, recorded_by)
select %(id)s, %(person_id)s, %(consent_type)s, %(status)s, coalesce(%(at)s::timestamptz, now()), %(policy_version)s,
       %(text_id)s, %(channel)s, %(jurisdiction)s, %(gpc)s,
       case when b.at > coalesce(%(at)s::timestamptz, now()) then 0
            else (%(status)s = 'granted')::int - coalesce((b.status = 'granted')::int, 0) end,
       (b.at is null)::int, %(evidence)s, %(source_id)s, coalesce(%(recorded_at)s::timestamptz, now()), %(recorded_by)s
  from (select) as one left join before as b on true
    on conflict (source_id) do nothing
returning id::text as consent_id, consent_type, status, at as timestamp, policy_version, text_id::text as text_id,
          channel, jurisdiction, gpc, recorded_at, recorded_by

-- name: of_source
select id, person_id from consent where source_id = %(source_id)s

-- name: one
select id::text as consent_id, consent_type, status, at as timestamp, policy_version, text_id::text as text_id,
       channel, jurisdiction, gpc, recorded_at, recorded_by, person_id, evidence
  from consent where id = %(consent_id)s

-- name: newest_of_type
select id from consent where person_id = %(person_id)s and consent_type = %(consent_type)s order by at desc, id desc limit 1

-- name: current
select distinct on (consent_type) consent_type, status, at as since, policy_version
  from consent where person_id = %(person_id)s
 order by consent_type, at desc, id desc

-- name: history
select id::text as consent_id, consent_type, status, at as timestamp, policy_version, text_id::text as text_id,
       channel, jurisdiction, gpc, recorded_at, recorded_by
  from consent where person_id = %(person_id)s
 order by at desc, id desc
 limit %(limit)s

-- name: page
select id, person_id, consent_type, status, at as timestamp, policy_version, text_id::text as text_id, channel,
       jurisdiction, gpc, evidence, coalesce(source_id, id::text) as source_id, recorded_at
  from consent
 where (%(since)s::timestamptz is null or recorded_at >= %(since)s)
   and (%(recorded_at)s::timestamptz is null or (recorded_at, id) < (%(recorded_at)s, %(last_id)s::uuid))
 order by recorded_at desc, id desc
 limit %(limit)s

-- name: policy_in_force
select version from privacy_policy where published_at <= now() order by published_at desc, version desc limit 1

-- name: known_policy
select exists (select from privacy_policy where version = %(version)s)

-- name: known_text
select policy_version, encode(sha256(convert_to(concat_ws(E'\n', locale, jurisdiction, title, body, choices::text), 'UTF8')), 'hex')
  from consent_text where id = %(text_id)s

-- name: fold_days
-- Days that ended a day ago or more: whatever was recorded in them is committed.
insert into consent_day (day, consent_type, granted, asked)
select (recorded_at at time zone 'UTC')::date, consent_type, sum(granted_change), sum(asked_change)
  from consent
 where recorded_at < date_trunc('day', now(), 'UTC') - interval '1 day'
   and recorded_at >= coalesce((select (max(day) + 1)::timestamp at time zone 'UTC' from consent_day), '-infinity')
 group by 1, 2
    on conflict (day, consent_type) do nothing

-- name: trend
with changes as (
    select day, consent_type, granted, asked from consent_day
    union all
    select (recorded_at at time zone 'UTC')::date, consent_type, sum(granted_change), sum(asked_change)
      from consent
     where recorded_at >= coalesce((select (max(day) + 1)::timestamp at time zone 'UTC' from consent_day), '-infinity')
       and recorded_at <= %(until)s
     group by 1, 2),
days as (
    select d::date as day, t.consent_type
      from generate_series(date_trunc('day', %(until)s::timestamptz at time zone 'UTC') - make_interval(days => %(days)s - 1),
                           %(until)s::timestamptz at time zone 'UTC', interval '1 day') as d,
           unnest(array['marketing', 'tracking']) as t (consent_type)),
sums as (
    select consent_type, day, sum(granted) as granted, sum(asked) as asked from changes group by 1, 2)
select d.consent_type, d.day,
       coalesce((select sum(s.granted) from sums as s where s.consent_type = d.consent_type and s.day <= d.day), 0)::bigint as granted,
       coalesce((select sum(s.asked) from sums as s where s.consent_type = d.consent_type and s.day <= d.day), 0)::bigint as asked
  from days as d
 order by d.consent_type, d.day

-- name: policies_since
select version, published_at from privacy_policy
 where published_at >= %(since)s and published_at <= %(until)s
 order by published_at, version

-- name: measure
select consent_type, sum(granted)::bigint, sum(asked)::bigint
  from (select consent_type, granted, asked from consent_day
        union all
        select consent_type, granted_change, asked_change from consent
         where recorded_at >= coalesce((select (max(day) + 1)::timestamp at time zone 'UTC' from consent_day), '-infinity')) as c
 group by 1

-- name: export
select id, consent_type, status, at, policy_version, channel, jurisdiction, gpc, recorded_at from consent
 where person_id = %(person_id)s and (%(after)s::uuid is null or id > %(after)s::uuid)
 order by id limit %(limit)s

-- name: erase
with found as (select id from consent where person_id = %(person_id)s and evidence is not null limit %(limit)s)
update consent as c set evidence = null from found as f where c.id = f.id returning c.id

-- name: count_of
select count(*) from consent where person_id = %(person_id)s
