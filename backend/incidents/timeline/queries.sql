-- name: pairs
-- All pairs of action and resource type in the log, by skipping through the index.
with recursive kind as (
    (select action, resource_type from audit_position order by action, resource_type limit 1)
    union all
    select n.action, n.resource_type
      from kind as k
     cross join lateral (select action, resource_type from audit_position as p
                          where (p.action, p.resource_type) > (k.action, k.resource_type)
                          order by p.action, p.resource_type limit 1) as n)
select action, resource_type from kind

-- name: family
-- The incident and all that were merged into it.
select id::text, started_at, resolved_at, services
  from incident where id = %(incident_id)s or merged_into = %(incident_id)s

-- name: sample_made
-- Where a sample shop was complete: what it was made with happened at no time.
select coalesce(max(position), 0) from audit_position
 where action = 'sample.shop.created' and resource_type = 'sample_shop'

-- name: touching
-- Deploys of its services, of all while it names none, and rules that raised its alerts; the newest ones.
(select 'deploy' as type, id from deploy
  where deployed_at >= %(begins)s and (%(ends)s::timestamptz is null or deployed_at < %(ends)s)
    and (%(services)s::text[] = '{}' or service = any (%(services)s::text[]))
  order by deployed_at desc limit 200)
 union all
(select distinct 'alert_rule', a.rule_id::text
   from incident_alert as i
   join alert as a on a.id = i.alert_id and a.valid_to = 'infinity'
  where i.incident_id = any (%(ids)s::uuid[]) and a.rule_id is not null
  limit 200)

-- name: alerts
select distinct alert_id::text from incident_alert where incident_id = any (%(ids)s::uuid[])

-- name: older
-- Positions under one, downwards: of each kind its nearest, merged. Costs the same wherever it begins.
with wide as (
    select p.position
      from unnest(%(wide_actions)s::text[], %(wide_types)s::text[]) as k (action, resource_type)
     cross join lateral (
           select position from audit_position as p
            where p.action = k.action and p.resource_type = k.resource_type
              and p.position > %(lower)s and p.position < least(%(upper)s::bigint, %(start)s::bigint)
              and p.at >= %(from)s and (%(to)s::timestamptz is null or p.at < %(to)s)
            order by p.position desc limit %(limit)s) as p),
own as (
    select p.position
      from unnest(%(ids)s::text[], %(id_types)s::text[]) as r (id, type)
     cross join lateral (
           select position from audit_position as p
            where p.resource_id = r.id and p.position > %(own_lower)s
              and p.position < least(%(own_upper)s::bigint, %(start)s::bigint)
              and (r.type is null or p.resource_type = r.type)
              and (r.type is distinct from 'alert_rule' or (p.at >= %(begins)s and p.actor <> 'system:sample-shop'
                   and (%(to)s::timestamptz is null or p.at < %(to)s)))
              and (p.action, p.resource_type)
                  in (select * from unnest(%(own_actions)s::text[], %(own_types)s::text[]))
              and (%(own_from)s::timestamptz is null or p.at >= %(own_from)s)
              and (%(own_to)s::timestamptz is null or p.at < %(own_to)s)
            order by p.position desc limit %(limit)s) as p)
select position from (select position from wide union select position from own) as found
 order by position desc
 limit %(limit)s

-- name: newer
-- The same upwards.
with wide as (
    select p.position
      from unnest(%(wide_actions)s::text[], %(wide_types)s::text[]) as k (action, resource_type)
     cross join lateral (
           select position from audit_position as p
            where p.action = k.action and p.resource_type = k.resource_type
              and p.position > greatest(%(lower)s::bigint, %(start)s::bigint) and p.position < %(upper)s
              and p.at >= %(from)s and (%(to)s::timestamptz is null or p.at < %(to)s)
            order by p.position limit %(limit)s) as p),
own as (
    select p.position
      from unnest(%(ids)s::text[], %(id_types)s::text[]) as r (id, type)
     cross join lateral (
           select position from audit_position as p
            where p.resource_id = r.id and p.position > greatest(%(own_lower)s::bigint, %(start)s::bigint)
              and p.position < %(own_upper)s
              and (r.type is null or p.resource_type = r.type)
              and (r.type is distinct from 'alert_rule' or (p.at >= %(begins)s and p.actor <> 'system:sample-shop'
                   and (%(to)s::timestamptz is null or p.at < %(to)s)))
              and (p.action, p.resource_type)
                  in (select * from unnest(%(own_actions)s::text[], %(own_types)s::text[]))
              and (%(own_from)s::timestamptz is null or p.at >= %(own_from)s)
              and (%(own_to)s::timestamptz is null or p.at < %(own_to)s)
            order by p.position limit %(limit)s) as p)
select position from (select position from wide union select position from own) as found
 order by position
 limit %(limit)s

-- name: pinned
select position from incident_pin
 where incident_id = any (%(incidents)s::uuid[]) and position > %(above)s and position < %(below)s
 order by position

-- name: entries
-- What happened elsewhere is told without its contents.
select p.position, l.id::text as entry_id, l.at, l.actor, coalesce(l.actor_label, l.actor) as actor_name, l.action,
       l.resource_type, l.resource_id, l.resource_label as label, l.reason, l.before, l.after,
       exists (select from incident_pin as n
                where n.position = p.position and n.incident_id = any (%(incidents)s::uuid[])) as pinned,
       (select coalesce(jsonb_agg(jsonb_build_object('text', c.text, 'occurredAt', c.occurred_at, 'by', c.by,
                                                     'byName', person_name(c.by), 'at', c.at) order by c.at), '[]')
          from incident_correction as c
         where c.position = p.position and c.incident_id = any (%(incidents)s::uuid[])) as corrections,
       case when l.action = 'oncall.page.called' then
           (select array_agg(person_name(id) order by number)
              from jsonb_array_elements_text(l.after -> 'people') with ordinality as c (id, number))
            when l.action in ('incidents.alert.attached', 'incidents.alert.detached') then
           (select array_agg(a.title order by c.number)
              from jsonb_array_elements_text(l.after -> 'alertIds') with ordinality as c (id, number)
              join alert as a on a.id = c.id::uuid and a.valid_to = 'infinity')
       end as named
  from audit_position as p
  join audit_log as l using (seq)
 where p.position = any (%(positions)s::bigint[])

-- name: lanes
-- How many of each kind in each stretch; by when they were recorded.
select k.kind, width_bucket(extract(epoch from p.at)::float8, extract(epoch from %(from)s::timestamptz)::float8,
                            extract(epoch from %(to)s::timestamptz)::float8, %(buckets)s) as bucket, count(*)
  from unnest(%(actions)s::text[], %(types)s::text[], %(kinds)s::text[], %(own)s::boolean[])
       as k (action, resource_type, kind, own)
 cross join lateral (
       select at from audit_position as p
        where p.action = k.action and p.resource_type = k.resource_type
          and p.position > %(lower)s and p.position < %(upper)s and p.at >= %(from)s and p.at < %(to)s
          and ((not k.own and p.position > %(made)s) or p.resource_id = any (%(ids)s::text[]))) as p
 group by 1, 2

-- name: newest
select position, clock_timestamp() from audit_relay

-- name: pin
insert into incident_pin (incident_id, position) values (%(incident_id)s, %(position)s) on conflict do nothing
returning position

-- name: unpin
delete from incident_pin where incident_id = any (%(incidents)s::uuid[]) and position = %(position)s returning position

-- name: insert_correction
insert into incident_correction (incident_id, position, text, occurred_at, by)
values (%(incident_id)s, %(position)s, %(text)s, %(occurred_at)s, %(actor)s)

-- name: upsert_deploys
-- What is known stays as it was first told.
insert into deploy (id, service, version, environment, deployed_at, deployed_by, url)
select distinct on (id) id, service, version, environment, deployed_at, deployed_by, url
  from unnest(%(id)s::text[], %(service)s::text[], %(version)s::text[], %(environment)s::text[],
              %(deployed_at)s::timestamptz[], %(deployed_by)s::text[], %(url)s::text[])
       with ordinality as d (id, service, version, environment, deployed_at, deployed_by, url, n)
 order by id, n desc
    on conflict (id) do nothing
returning id
