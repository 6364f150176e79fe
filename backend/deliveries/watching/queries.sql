-- name: alarmed
select connection_id::text, alarmed from connection_health

-- name: alarmed_and_removed
select h.connection_id from connection_health as h join connection as c on c.id = h.connection_id
 where h.alarmed <> '' and c.removed_at is not null

-- name: set_alarmed
update connection_health set alarmed = %(alarmed)s where connection_id = %(connection_id)s

-- name: forget_hours
delete from connection_hour where begins_at < clock_timestamp() - interval '8 days'

-- name: forget_sent
-- What arrived is remembered as long as anybody asks, and never behind a cursor that might come to it again.
delete from delivery as d
 using lane as l
 where l.id = d.lane_id and d.state = 'sent' and d.position < l.cursor
   and d.ctid = any (array(select v.ctid from delivery as v
                            where v.state = 'sent' and v.ended_at < clock_timestamp() - interval '30 days' limit 20000))

-- name: forget_hooks
delete from hook_delivery where worked_at < clock_timestamp() - interval '7 days'

-- name: forget_threads
delete from connection_thread where updated_at < clock_timestamp() - interval '90 days'

-- name: erase_codes
update notice set values = null, recipients = '{}', erased_at = clock_timestamp()
 where template = 'contact.code' and erased_at is null and created_at < clock_timestamp() - interval '1 day'

-- name: lag
select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8
  from (select at from audit_log
         where (xid, seq) > ((select xid from audit_relay), (select seq from audit_relay))
           and seq > (select seq_floor from audit_relay)
         order by xid, seq limit 1) as oldest

-- name: routed_proofs
select c.name, c.ready and h.proof = 'proven' and h.stopped is null, h.proven_at
  from connection as c join connection_health as h on h.connection_id = c.id
 where c.kind <> 'shop' and exists (select from route as r where r.connection_id = c.id)
 order by c.name
