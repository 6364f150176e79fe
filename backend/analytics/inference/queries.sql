-- name: newest
select kind, body from event
 where event_name = %(event_name)s and received_at > now() - make_interval(days => %(days)s)
 order by received_at desc
 limit %(limit)s
