-- name: insert
insert into privacy_policy (title, changes, url, requires_acknowledgement, published_by, published_at)
values (%(title)s, %(changes)s, %(url)s, %(requires_acknowledgement)s, %(actor)s, coalesce(%(at)s::timestamptz, now()))
returning version

-- name: insert_text
insert into consent_text (policy_version, locale, jurisdiction, title, body, choices)
values (%(policy_version)s, %(locale)s, %(jurisdiction)s, %(title)s, %(body)s, %(choices)s)

-- name: one
select p.version, p.title, p.changes, p.url, p.requires_acknowledgement, p.published_at, p.published_by,
       person_name(p.published_by) as published_by_name,
       coalesce(a.count, 0) as acknowledged,
       case when p.requires_acknowledgement then greatest(living.count - coalesce(a.count, 0), 0) else 0 end as outstanding,
       (select max(c.begun_at) from policy_campaign as c where c.policy_version = p.version) as campaign_at
  from privacy_policy as p
  left join lateral (select count(*) from policy_acknowledgement as k join person as q on q.id = k.person_id
                      where k.policy_version = p.version and q.erased_at is null) as a on true,
       (select count(*) from person where erased_at is null) as living
 where p.version = %(version)s

-- name: page
select p.version, p.title, p.changes, p.url, p.requires_acknowledgement, p.published_at, p.published_by,
       person_name(p.published_by) as published_by_name,
       coalesce(a.count, 0) as acknowledged,
       case when p.requires_acknowledgement then greatest(living.count - coalesce(a.count, 0), 0) else 0 end as outstanding,
       (select max(c.begun_at) from policy_campaign as c where c.policy_version = p.version) as campaign_at
  from (select * from privacy_policy
         where %(below)s::bigint is null or version < %(below)s
         order by version desc limit %(limit)s) as p
  left join lateral (select count(*) from policy_acknowledgement as k join person as q on q.id = k.person_id
                      where k.policy_version = p.version and q.erased_at is null) as a on true,
       (select count(*) from person where erased_at is null) as living
 order by p.version desc

-- name: in_force
select version, url from privacy_policy where published_at <= now() order by published_at desc, version desc limit 1

-- name: texts
select policy_version, id::text as text_id, locale, jurisdiction, title, body, choices
  from consent_text where policy_version = %(version)s
   and (jurisdiction is null or jurisdiction = %(jurisdiction)s)
 order by locale, jurisdiction nulls last

-- name: acknowledge
insert into policy_acknowledgement (person_id, policy_version, at, channel)
values (%(person_id)s, %(version)s, coalesce(%(at)s::timestamptz, now()), %(channel)s)
    on conflict (policy_version, person_id) do nothing
returning policy_version as version, at, channel

-- name: acknowledgement
select policy_version as version, at, channel from policy_acknowledgement
 where person_id = %(person_id)s and policy_version = %(version)s

-- name: acknowledged_by
select policy_version as version, at, channel from policy_acknowledgement
 where person_id = %(person_id)s order by policy_version desc

-- name: outstanding
select p.id from person as p
 where p.erased_at is null
   and (%(after)s::uuid is null or p.id > %(after)s)
   and not exists (select from policy_acknowledgement as a where a.policy_version = %(version)s and a.person_id = p.id)
 order by p.id
 limit %(limit)s

-- name: lock
-- Two campaigns at once would ask everybody twice.
select pg_advisory_xact_lock(4711018032)

-- name: begin_campaign
insert into policy_campaign (policy_version, begun_by, asked) values (%(version)s, %(actor)s, %(asked)s)
