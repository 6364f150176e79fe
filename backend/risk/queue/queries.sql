-- name: lock
-- In an order that cannot deadlock. No subquery reads the entries: after a wait it would see them as they were before.
select id::text as entry_id, order_id, score, action, status, verdict, assigned_to, assigned_at, proposed, proposed_by,
       proposed_at, proposed_notes, escalated_to, snoozed_until, minor, currency, reporting_minor, decided_at, decided_by,
       version
  from risk_entry
 where id = any(%(ids)s::uuid[])
 order by id
   for update

-- name: peek
-- As lock, without holding them.
select id::text as entry_id, order_id, score, action, status, verdict, assigned_to, assigned_at, proposed, proposed_by,
       proposed_at, proposed_notes, escalated_to, snoozed_until, minor, currency, reporting_minor, decided_at, decided_by,
       version
  from risk_entry
 where id = any(%(ids)s::uuid[])

-- name: change
update risk_entry
   set status = %(status)s, verdict = %(verdict)s, assigned_to = %(assigned_to)s, assigned_at = %(assigned_at)s,
       proposed = %(proposed)s, proposed_by = %(proposed_by)s, proposed_at = %(proposed_at)s,
       proposed_notes = %(proposed_notes)s, escalated_to = %(escalated_to)s, snoozed_until = %(snoozed_until)s,
       decided_at = %(decided_at)s, decided_by = %(decided_by)s, version = %(version)s
 where id = %(entry_id)s

-- name: wake
-- Those that somebody is working on just now wait for the next turn.
select id::text
  from risk_entry
 where snoozed_until <= clock_timestamp()
 order by snoozed_until
 limit %(limit)s
   for update skip locked

-- name: person_name
select person_name(%(user_id)s)

-- name: can_decide
-- Whether somebody holds a permission just now; no row for an account that does not exist or is disabled.
select exists (select from role_assignment as s
                join role_definition as d on d.id = s.role_id
               where s.user_id = %(user_id)s and %(permission)s = any(d.permissions) and s.revoked_at is null
                 and (s.expires_at is null or s.expires_at > clock_timestamp()))
   and not exists (select from account where id = %(user_id)s and disabled_at is not null)

-- name: policy
select two_person_minor from risk_policy

-- name: settled
-- Orders the shop has settled: their money goes back by a refund, that of others is never taken.
select id from orders where id = any(%(ids)s) and settled_at <= clock_timestamp()

-- name: insert_note
insert into risk_note (entry_id, written_by, body) values (%(entry_id)s, %(actor)s, %(text)s) returning id::text

-- name: insert_fulfilment
insert into risk_intent (id, entry_id, order_id, kind, minor, currency)
values (%(intent_id)s, %(entry_id)s, %(order_id)s, %(kind)s, %(minor)s, %(currency)s)

-- name: triggered
select triggered from risk_entry where id = %(entry_id)s

-- name: fulfilment_of
select id from risk_fulfilment where entry_id = %(entry_id)s and state <> 'withdrawn'

-- name: counts
-- Each out of an index of its own; all that wait are counted once, most of them are open.
select waiting - escalated - asleep, mine, escalated, due_soon, overdue, snoozed
  from (select (select count(*) from risk_entry where status <> 'reviewed') as waiting,
               (select count(*) from risk_entry where status <> 'reviewed' and assigned_to = %(user_id)s) as mine,
               (select count(*) from risk_entry where status = 'escalated') as escalated,
               (select count(*) from risk_entry
                 where status <> 'reviewed' and due_at <= %(now)s::timestamptz + interval '1 hour') as due_soon,
               (select count(*) from risk_entry
                 where status <> 'reviewed' and due_at <= %(now)s::timestamptz) as overdue,
               (select count(*) from risk_entry
                 where status <> 'reviewed' and snoozed_until > %(now)s::timestamptz) as snoozed,
               (select count(*) from risk_entry
                 where status = 'open' and snoozed_until > %(now)s::timestamptz) as asleep) as each

-- name: open
-- As ``counts`` has it.
select (select count(*) from risk_entry where status <> 'reviewed')
     - (select count(*) from risk_entry where status = 'escalated')
     - (select count(*) from risk_entry where status = 'open' and snoozed_until > clock_timestamp())

-- name: case
-- All of a case but its entry and its velocity. Scalar subqueries, not joins with this: joined, all orders with a card
-- under attack are sorted; so, the newest ones are read off the index. Limits as numbers (LINKED_MOST, HISTORY_MOST):
-- with parameters it would be planned anew each time, which takes longer than it does.
with this as (
    select o.seq, o.id, o.placed_at, o.minor, o.currency, o.customer_id, o.email, o.email_alias, o.ip, o.ip_network, o.card,
           o.device, o.order_value, o.item_count, o.payment_method, o.payment_method_age, o.billing_country, o.shipping_country, o.card_country,
           o.ip_country, o.customer_age, o.customer_orders, o.customer_refunds, o.customer_chargebacks, o.email_domain,
           o.lists
      from risk_order as o join risk_entry as e on e.order_id = o.id
     where e.id = %(entry_id)s),
found as (
    select distinct id
      from ((select o.id from risk_order as o where o.customer_id = (select customer_id from this)
              order by o.placed_at desc, o.seq limit 52)
            union all
            (select o.id from risk_order as o where o.card = (select card from this)
              order by o.placed_at desc, o.seq limit 52)
            union all
            (select o.id from risk_order as o where o.ip = (select ip from this)
              order by o.placed_at desc, o.seq limit 52)
            union all
            (select o.id from risk_order as o where o.device = (select device from this)
              order by o.placed_at desc, o.seq limit 52)) as each),
linked as (
    select o.id, o.placed_at, o.currency, o.minor, o.order_value,
           array_remove(array[case when o.customer_id = this.customer_id then 'customer' end,
                              case when o.card = this.card then 'card' end,
                              case when o.ip = this.ip then 'ip' end,
                              case when o.device = this.device then 'device' end], null) as shared
      from found join risk_order as o using (id), this
     where o.id <> this.id
     order by o.placed_at desc, o.seq desc
     limit 51),
entries as (
    select e.order_id, e.id, e.score, e.action, e.status, e.verdict, e.decided_by
      from linked join risk_entry as e on e.order_id = linked.id),
names as materialized (
    select user_id, person_name(user_id) as name
      from (select distinct decided_by as user_id from entries where decided_by is not null) as someone)
select this.*, s.settled_at,
       p.payload -> 'customer' ->> 'name' as customer_name,
       jsonb_path_query_array(p.payload, '$.items[0 to 19]') as items,
       d.id::text as decision_id, d.rule_set_id::text as rule_set_id, r.number as rule_set_number, d.score as
       decision_score, d.action as decision_action, d.triggered, d.explanation,
       d.quiet, d.missing, d.decided_at,
       (select coalesce(jsonb_agg(jsonb_build_object('listId', l.id, 'kind', l.kind, 'metric', l.metric,
                                                     'value', coalesce(to_jsonb(this) ->> l.metric, '')) order by h.n),
                        '[]')
          from unnest(this.lists) with ordinality as h (hit, n)
          join risk_list as l on l.id = split_part(h.hit, ':', 1)) as list_hits,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'orderId', l.id, 'shared', l.shared, 'placedAt', l.placed_at, 'currency', l.currency,
                   'amount', l.minor, 'reportingMinor', l.order_value, 'entryId', e.id, 'score', e.score,
                   'action', e.action, 'status', e.status, 'verdict', e.verdict,
                   'decidedByName', n.name) order by l.placed_at desc), '[]')
          from linked as l
          left join entries as e on e.order_id = l.id
          left join names as n on n.user_id = e.decided_by) as linked,
       (select coalesce(jsonb_agg(jsonb_build_object(
                   'at', h.at, 'by', h.actor, 'byName', coalesce(h.actor_label, h.actor), 'what', h.action,
                   'version', h.version, 'reason', h.reason) order by h.seq desc), '[]')
          from (select * from audit_log
                 where resource_type = 'risk_entry' and resource_id = %(entry_id)s::uuid::text
                 order by seq desc limit 100) as h) as history,
       (select jsonb_build_object('intentId', i.id, 'entryId', i.entry_id, 'orderId', i.order_id, 'kind', i.kind,
                                  'state', i.state, 'attempts', i.attempts, 'createdAt', i.created_at,
                                  'doneAt', i.done_at, 'problem', i.problem)
          from risk_fulfilment as i where i.entry_id = %(entry_id)s and i.state <> 'withdrawn') as intent,
       (select two_person_minor from risk_policy) as two_person_minor,
       clock_timestamp() as now
  from this
  join risk_decision as d on d.order_id = this.id
  join risk_rule_set as r on r.id = d.rule_set_id
  left join risk_payload as p on p.order_id = this.id
  left join orders as s on s.id = this.id

-- name: velocity
-- Orders by buckets of each series: those known by then, the newest two hundred, as the metrics count them.
select series.n, width_bucket(extract(epoch from found.placed_at - (%(at)s::timestamptz - series.minutes
                                                                    * interval '1 minute')),
                              0, series.minutes * 60, %(buckets)s) as bucket, count(*)
  from unnest(%(subjects)s::text[], %(minutes)s::int[]) with ordinality as series (subject, minutes, n)
  cross join lateral (
      select each.placed_at
        from ((select placed_at, seq from risk_order
                where series.subject = 'customer' and customer_id = %(customer)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'email' and email = %(email)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'alias' and email_alias = %(email_alias)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'ip' and ip = %(ip)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'network' and ip_network = %(ip_network)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'card' and card = %(card)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)
              union all
              (select placed_at, seq from risk_order
                where series.subject = 'device' and device = %(device)s and placed_at <= %(at)s
                  and placed_at > %(at)s::timestamptz - series.minutes * interval '1 minute' and seq <= %(seq)s
                order by placed_at desc, seq limit 200)) as each) as found
 group by 1, 2
