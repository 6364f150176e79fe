-- name: queue
insert into tax_inbox (order_id) select id from orders where placed_at >= %(since)s and placed_at < %(until)s

-- name: withhold
-- Two orders of the quarter that wait for approval, whose tax lines got lost on the way.
update orders set tax = null where id in (
    select id from orders where country = %(country)s and placed_at >= %(since)s and placed_at < %(until)s
     order by placed_at limit 2)

-- name: date_report
update tax_report
   set requested_at = %(at)s, generated_at = %(at)s, generated_by = 'ada', approved_at = %(at)s::timestamptz + interval '2 hours',
       approved_by = 'mei', delivered_at = %(at)s::timestamptz + interval '3 hours', acknowledged_at = %(at)s::timestamptz + interval '2 days',
       acknowledgement = %(reference)s, state = 'acknowledged', version = version + 3
 where id = %(report_id)s
