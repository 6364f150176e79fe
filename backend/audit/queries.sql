-- name: append
insert into audit_log (actor, action, resource_type, resource_id, version, before, after, reason, request_id)
values (%(actor)s, %(action)s, %(resource_type)s, %(resource_id)s, %(version)s, %(before)s, %(after)s, %(reason)s,
        %(request_id)s)
returning seq

-- name: stamp
-- Scalar subqueries, not a join with c: joined, the planner scans the whole log each turn.
with c as materialized (select * from audit_relay for update),
fresh as materialized (
    select seq, xid, row_number() over (order by xid, seq) + (select position from c) as position
      from (select seq, xid from audit_log
             where (xid, seq) > ((select xid from c), (select seq from c)) and seq > (select seq_floor from c)
               and xid < pg_snapshot_xmin(pg_current_snapshot())
             order by xid, seq limit 20000) as a),
stamped as (insert into audit_position (position, seq) select position, seq from fresh),
last as (select * from fresh order by position desc limit 1)
update audit_relay as r set (position, xid, seq) = (l.position, l.xid, l.seq) from last as l returning r.position

-- name: lag
-- Seconds the oldest unstamped row has waited; 0 when none waits.
select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8
  from (select at from audit_log
         where (xid, seq) > ((select xid from audit_relay), (select seq from audit_relay))
           and seq > (select seq_floor from audit_relay)
         order by xid, seq limit 1) as oldest
