-- name: rule_sets_page
select s.id::text as rule_set_id, s.number, s.title, s.state, jsonb_array_length(s.rules) as rule_count,
       s.author, person_name(s.author) as author_name, s.writers, s.based_on::text as based_on, s.created_at, s.updated_at,
       s.published_at, s.published_by, person_name(s.published_by) as published_by_name,
       (select b.id::text from risk_backtest as b
         where b.rule_set_id = s.id and b.state = 'done' and b.rules = s.rules
         order by b.ended_at desc limit 1) as backtest_id,
       s.shadow_since,
       (select count(*) from risk_shadow_decision as d where d.rule_set_id = s.id) as shadow_orders, s.version
  from risk_rule_set as s
 where s.state = any (%(states)s::text[]) and (%(before)s::bigint is null or s.number < %(before)s)
 order by s.number desc
 limit %(limit)s

-- name: rule_set
select s.id::text as rule_set_id, s.number, s.title, s.state, jsonb_array_length(s.rules) as rule_count,
       s.author, person_name(s.author) as author_name, s.writers, s.based_on::text as based_on, s.created_at, s.updated_at,
       s.published_at, s.published_by, person_name(s.published_by) as published_by_name,
       (select b.id::text from risk_backtest as b
         where b.rule_set_id = s.id and b.state = 'done' and b.rules = s.rules
         order by b.ended_at desc limit 1) as backtest_id,
       s.shadow_since,
       (select count(*) from risk_shadow_decision as d where d.rule_set_id = s.id) as shadow_orders, s.version, s.rules
  from risk_rule_set as s
 where s.id = %(rule_set_id)s

-- name: published_id
select id from risk_rule_set where state = 'published'

-- name: lock_rule_set
select from risk_rule_set where id = %(rule_set_id)s for update

-- name: lock_publishing
-- One at a time: which set is the published one is read and changed under this lock.
select pg_advisory_xact_lock(4711018091)

-- name: lock_lists
-- A list that is named cannot be deleted until the rules that name it are stored.
select id, metric from risk_list where id = any (%(lists)s::text[]) and deleted_at is null order by id for share

-- name: insert_rule_set
insert into risk_rule_set (title, state, rules, based_on, author, writers)
values (%(title)s, 'draft', %(rules)s, %(based_on)s, %(actor)s, %(writers)s)
returning id

-- name: writers_of
-- Who wrote rules, wherever they were written first: a copy of them has the same writers. Rules that decide already are
-- nobody's any more, somebody else has published them.
with live as (select each.rule from risk_rule_set as s, jsonb_array_elements(s.rules) as each(rule) where s.state = 'published'),
     asked as (select each.rule from jsonb_array_elements(%(rules)s::jsonb) as each(rule)
               except select rule from live)
select coalesce(array_agg(distinct writer order by writer), '{}')
  from risk_rule_set as s, unnest(s.writers) as writer
 where s.state <> 'published'
   and (s.id = %(based_on)s
        or exists (select from jsonb_array_elements(s.rules) as each(rule) where each.rule in (select rule from asked)))

-- name: update_rule_set
update risk_rule_set
   set title = %(title)s, rules = %(rules)s, updated_at = clock_timestamp(), version = version + 1,
       writers = %(writers)s,
       shadow_since = case when rules = %(rules)s then shadow_since end,
       shadow_through = case when rules = %(rules)s then shadow_through end
 where id = %(rule_set_id)s

-- name: forget_shadow
-- What other rules would have decided says nothing about these.
delete from risk_shadow_decision where rule_set_id = %(rule_set_id)s

-- name: discard_rule_set
update risk_rule_set
   set state = 'discarded', updated_at = clock_timestamp(), version = version + 1, shadow_since = null,
       shadow_through = null
 where id = %(rule_set_id)s

-- name: retire_published
update risk_rule_set
   set state = 'retired', updated_at = clock_timestamp(), version = version + 1
 where state = 'published'
returning id, number, title, version

-- name: publish_rule_set
update risk_rule_set
   set state = 'published', updated_at = clock_timestamp(), version = version + 1, published_at = clock_timestamp(),
       published_by = %(actor)s, shadow_since = null, shadow_through = null
 where id = %(rule_set_id)s

-- name: switch_shadow
update risk_rule_set
   set shadow_since = case when %(on)s then clock_timestamp() end,
       shadow_through = case when %(on)s then clock_timestamp() end, version = version + 1
 where id = %(rule_set_id)s
