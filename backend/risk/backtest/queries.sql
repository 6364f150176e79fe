-- name: backtests_page
select b.id::text as backtest_id, b.rule_set_id::text as rule_set_id, s.number as rule_set_number,
       s.title as rule_set_title, coalesce(b.rules <> s.rules, false) as outdated, b.placed_from as from_,
       b.placed_to as to, b.circumstances, b.state, b.progress, b.problem, b.asked_by,
       person_name(b.asked_by) as asked_by_name, b.created_at, b.begun_at, b.ended_at, b.version
  from risk_backtest as b
  left join risk_rule_set as s on s.id = b.rule_set_id
 where (%(rule_set_id)s::uuid is null or b.rule_set_id = %(rule_set_id)s)
   and (%(created_at)s::timestamptz is null or (b.created_at, b.id) < (%(created_at)s, %(backtest_id)s::uuid))
 order by b.created_at desc, b.id desc
 limit %(limit)s

-- name: backtest
select b.id::text as backtest_id, b.rule_set_id::text as rule_set_id, s.number as rule_set_number,
       s.title as rule_set_title, coalesce(b.rules <> s.rules, false) as outdated, b.placed_from as from_,
       b.placed_to as to, b.circumstances, b.state, b.progress, b.problem, b.asked_by,
       person_name(b.asked_by) as asked_by_name, b.created_at, b.begun_at, b.ended_at, b.version, b.rules, b.result
  from risk_backtest as b
  left join risk_rule_set as s on s.id = b.rule_set_id
 where b.id = %(backtest_id)s

-- name: insert_backtest
insert into risk_backtest (rule_set_id, rules, placed_from, placed_to, circumstances, asked_by)
values (%(rule_set_id)s, %(rules)s, coalesce(%(from)s, now() - make_interval(days => %(days)s)), coalesce(%(to)s, now()),
        %(circumstances)s, %(actor)s)
returning id

-- name: live_backtests
select count(*) from risk_backtest where state in ('waiting', 'running')

-- name: cancel_backtest
update risk_backtest
   set state = 'cancelled', ended_at = clock_timestamp(), version = version + 1
 where id = %(backtest_id)s and state in ('waiting', 'running')
returning version

-- name: claim_backtest
-- Also one that another worker has: if that one still lives, it finds out with its next slice.
update risk_backtest
   set state = 'running', begun_at = coalesce(begun_at, clock_timestamp()), beat_at = clock_timestamp(), progress = 0,
       attempts = attempts + 1, version = version + 1
 where id = %(backtest_id)s and state in ('waiting', 'running')
returning rule_set_id, rules, placed_from, placed_to, circumstances, attempts, version

-- name: beat_backtest
update risk_backtest
   set beat_at = clock_timestamp(), progress = %(progress)s
 where id = %(backtest_id)s and version = %(version)s and state = 'running'

-- name: finish_backtest
update risk_backtest
   set state = 'done', progress = 1, result = %(result)s, ended_at = clock_timestamp(), beat_at = clock_timestamp(),
       version = version + 1
 where id = %(backtest_id)s and version = %(version)s and state = 'running'

-- name: fail_backtest
update risk_backtest
   set state = 'failed', problem = %(problem)s, ended_at = clock_timestamp(), version = version + 1
 where id = %(backtest_id)s and version = %(version)s and state = 'running'

-- name: fail_lost_backtests
-- Nobody is working on these any more, and the job that would take them up again is gone too.
update risk_backtest
   set state = 'failed', problem = %(problem)s, ended_at = clock_timestamp(), version = version + 1
 where (state = 'running' and beat_at < clock_timestamp() - make_interval(secs => %(seconds)s))
    or (state = 'waiting' and created_at < clock_timestamp() - make_interval(secs => 12 * %(seconds)s))

-- name: published
select id::text, number, rules from risk_rule_set where state = 'published'

-- name: lists
-- Those that are gone too: they were there when the orders became known.
select id, kind, metric, deleted_at is not null from risk_list where kind <> 'custom' order by id

-- name: number_of
select number from risk_rule_set where id = %(rule_set_id)s

-- name: span
select min(seq), max(seq), count(*) from risk_order where placed_at > %(from)s and placed_at <= %(to)s
