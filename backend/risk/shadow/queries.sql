-- name: shadow_drafts
-- Their rows stay locked: a change of the rules waits for the turn, and ends the run.
select id, version, rules, shadow_since, shadow_through from risk_rule_set
 where state = 'draft' and shadow_since is not null
 order by id limit %(limit)s for no key update skip locked

-- name: kinds_of_lists
select id, kind, metric from risk_list where kind <> 'custom' order by id

-- name: move_shadow
update risk_rule_set set shadow_through = %(through)s where id = %(rule_set_id)s

-- name: shadow_groups
-- What a draft would have decided and what was decided, counted by all that figures are made of.
select s.action, s.triggered, d.action, d.triggered,
       case when s.action in ('review', 'block') or d.action in ('review', 'block')
            then (o.placed_at at time zone 'UTC')::date end as day,
       exists (select from risk_fraud as f where f.order_id = s.order_id) as fraud,
       count(*), coalesce(sum(o.order_value), 0)::bigint, count(*) filter (where o.order_value is null)
  from risk_shadow_decision as s
  join risk_decision as d on d.order_id = s.order_id
  join risk_order as o on o.id = s.order_id
 where s.rule_set_id = %(rule_set_id)s
 group by 1, 2, 3, 4, 5, 6

-- name: shadow_sample
select o.id, o.placed_at, o.currency, o.minor, s.action, s.score, s.triggered, d.action, d.score, d.triggered,
       exists (select from risk_fraud as f where f.order_id = s.order_id) as fraud
  from risk_shadow_decision as s
  join risk_decision as d on d.order_id = s.order_id
  join risk_order as o on o.id = s.order_id
 where s.rule_set_id = %(rule_set_id)s
   and (s.action in ('review', 'block')) = %(appear)s and (d.action in ('review', 'block')) <> %(appear)s
 order by o.seq desc
 limit %(limit)s

-- name: shadow_span
select min(d.decided_at), max(d.decided_at), clock_timestamp(),
       (select r.id::text from risk_rule_set as r where r.state = 'published') as published_id,
       (select r.number from risk_rule_set as r where r.state = 'published') as published_number
  from risk_shadow_decision as s
  join risk_decision as d on d.order_id = s.order_id
 where s.rule_set_id = %(rule_set_id)s
