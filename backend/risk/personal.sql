-- name: export
select o.id, o.placed_at, o.customer_id, o.email, o.ip, o.card, o.device, p.payload, d.score, d.action, d.decided_at
  from risk_order as o left join risk_payload as p on p.order_id = o.id left join risk_decision as d on d.order_id = o.id
 where (o.customer_id = any (%(customers)s::text[]) or o.email = any (%(emails)s::text[]))
   and (%(after)s::text is null or o.id > %(after)s)
 order by o.id limit %(limit)s

-- name: erase
-- The order last, and in the same statement: it is what the others are found by.
with found as materialized (
    select id from risk_order
     where (customer_id = any (%(customers)s::text[]) or email = any (%(emails)s::text[])) and placed_at <= %(before)s
     limit %(limit)s),
payloads as (
    update risk_payload as p set payload = '{"erased": true}' from found as f where p.order_id = f.id),
decisions as (
    update risk_decision as d
       set explanation = (
           select coalesce(jsonb_agg(fired || jsonb_build_object('conditions', (
                      select coalesce(jsonb_agg(case when c ->> 'metric' = any (%(metrics)s::text[])
                                                     then c || '{"value": null, "actual": null}' else c end), '[]')
                        from jsonb_array_elements(fired -> 'conditions') as c))), '[]')
             from jsonb_array_elements(d.explanation) as fired)
      from found as f where d.order_id = f.id),
entries as (
    update risk_entry as e
       set customer_id = null, email = null, card = null, card_last4 = null, ip = null, device = null,
           proposed_notes = null
      from found as f where e.order_id = f.id returning e.id),
notes as (update risk_note as n set body = '' from entries as e where n.entry_id = e.id)
update risk_order as o
   set customer_id = null, email = null, email_alias = null, ip = null, ip_network = null, card = null, device = null
  from found as f where o.id = f.id returning o.id

-- name: erase_outcomes
with found as (select id from risk_outcome
                where customer_id = any (%(customers)s::text[]) and happened_at <= %(before)s limit %(limit)s)
update risk_outcome as o set customer_id = null, given = o.given - 'customerId' from found as f where o.id = f.id returning o.id

-- name: held
select (select count(*) from risk_list_entry where value = any (%(values)s::text[]) and removed_at is null)
     + (select count(*) from risk_snooze where value = any (%(values)s::text[]) and ended_at is null)
