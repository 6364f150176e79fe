-- name: stamp
-- Scalar subqueries, not a join with c: joined, the planner scans the whole log each turn.
with c as materialized (select * from audit_relay for update),
fresh as materialized (
    select a.*, row_number() over w + (select position from c) as position,
           greatest(max(at) over w, (select newest_at from c)) as high
      from (select seq, xid, id, at, actor, action, resource_type, resource_id, correlation_id from audit_log
             where (xid, seq) > ((select xid from c), (select seq from c)) and seq > (select seq_floor from c)
               and xid < pg_snapshot_xmin(pg_current_snapshot())
             order by xid, seq limit 20000) as a
    window w as (order by xid, seq)),
stamped as (
    insert into audit_position (position, seq, id, at, actor, action, resource_type, resource_id, correlation_id)
    select position, seq, id, at, actor, action, resource_type, resource_id, correlation_id from fresh),
last as (select * from fresh order by position desc limit 1)
update audit_relay as r
   set (position, xid, seq, newest_at, disorder)
       = (l.position, l.xid, l.seq, l.high, greatest(r.disorder, (select max(high - at) from fresh)))
  from last as l
returning r.position

-- name: lag
-- Seconds the oldest unstamped row has waited; 0 when none waits.
select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8
  from (select at from audit_log
         where (xid, seq) > ((select xid from audit_relay), (select seq from audit_relay))
           and seq > (select seq_floor from audit_relay)
         order by xid, seq limit 1) as oldest

-- name: newest
select position, clock_timestamp() from audit_relay

-- name: bounds
-- Positions between which, both exclusive, all rows of [from, to) lie: no row is older than one before it by more than
-- the disorder the relay has ever seen.
select coalesce((select position from audit_position where at < %(from)s::timestamptz - disorder
                  order by at desc, position desc limit 1), 0) as lower,
       coalesce((select position from audit_position where at >= %(to)s::timestamptz + disorder
                  order by at, position limit 1), 9223372036854775807) as upper
  from audit_relay

-- name: candidates
select position from audit_position
 where position > %(lower)s and position < %(upper)s
   and (%(from)s::timestamptz is null or at >= %(from)s) and (%(to)s::timestamptz is null or at < %(to)s)
 order by position desc
 limit %(limit)s

-- name: candidates_of_kind
-- Kinds (action, resource type) are few: they are enumerated by skipping through the index, then each one's newest rows
-- are merged. Else a rare kind behind a common one would cost a walk through the whole log.
with recursive kind as (
    (select action, resource_type from audit_position order by action, resource_type limit 1)
    union all
    select n.action, n.resource_type
      from kind as k
     cross join lateral (select action, resource_type from audit_position as p
                          where (p.action, p.resource_type) > (k.action, k.resource_type)
                          order by p.action, p.resource_type limit 1) as n)
select f.position
  from kind as k
 cross join lateral (
    select position from audit_position as p
     where p.action = k.action and p.resource_type = k.resource_type
       and position > %(lower)s and position < %(upper)s
       and (%(from)s::timestamptz is null or at >= %(from)s) and (%(to)s::timestamptz is null or at < %(to)s)
     order by position desc
     limit %(limit)s) as f
 where (%(action)s::text is null or k.action = %(action)s or starts_with(k.action, %(action)s || '.'))
   and (%(resource_type)s::text is null or k.resource_type = %(resource_type)s)
 order by f.position desc
 limit %(limit)s

-- name: candidates_of_actor
-- Compared and ordered by all three, only the index that begins with the actor will do: through another one, the step
-- behind an actor's last kind would walk to the end of the log.
with recursive kind as (
    (select actor, action, resource_type from audit_position
      where (actor, action, resource_type) >= (%(actor)s, '', '')
      order by actor, action, resource_type limit 1)
    union all
    select n.actor, n.action, n.resource_type
      from kind as k
     cross join lateral (select actor, action, resource_type from audit_position as p
                          where (p.actor, p.action, p.resource_type) > (k.actor, k.action, k.resource_type)
                          order by p.actor, p.action, p.resource_type limit 1) as n
     where k.actor = %(actor)s)
select f.position
  from kind as k
 cross join lateral (
    select position from audit_position as p
     where p.actor = k.actor and p.action = k.action and p.resource_type = k.resource_type
       and position > %(lower)s and position < %(upper)s
       and (%(from)s::timestamptz is null or at >= %(from)s) and (%(to)s::timestamptz is null or at < %(to)s)
     order by position desc
     limit %(limit)s) as f
 where k.actor = %(actor)s
   and (%(action)s::text is null or k.action = %(action)s or starts_with(k.action, %(action)s || '.'))
   and (%(resource_type)s::text is null or k.resource_type = %(resource_type)s)
 order by f.position desc
 limit %(limit)s

-- name: candidates_of_resource
select position from audit_position
 where resource_id = %(resource_id)s and position > %(lower)s and position < %(upper)s
   and (%(from)s::timestamptz is null or at >= %(from)s) and (%(to)s::timestamptz is null or at < %(to)s)
   and (%(actor)s::text is null or actor = %(actor)s)
   and (%(action)s::text is null or action = %(action)s or starts_with(action, %(action)s || '.'))
   and (%(resource_type)s::text is null or resource_type = %(resource_type)s)
   and (%(correlation_id)s::text is null or correlation_id = %(correlation_id)s)
 order by position desc
 limit %(limit)s

-- name: candidates_of_correlation
select position from audit_position
 where correlation_id = %(correlation_id)s and position > %(lower)s and position < %(upper)s
   and (%(from)s::timestamptz is null or at >= %(from)s) and (%(to)s::timestamptz is null or at < %(to)s)
   and (%(actor)s::text is null or actor = %(actor)s)
   and (%(action)s::text is null or action = %(action)s or starts_with(action, %(action)s || '.'))
   and (%(resource_type)s::text is null or resource_type = %(resource_type)s)
 order by position desc
 limit %(limit)s

-- name: entries
-- A text is looked for in what people read: action, labels, reason, and both pictures.
select l.id::text as id, p.position, l.at, l.actor, l.actor_label, l.action, l.resource_type, l.resource_id,
       l.resource_label, l.version, l.before, l.after, l.reason, l.request_id, l.correlation_id
  from audit_position as p
  join audit_log as l using (seq)
 where p.position = any (%(positions)s::bigint[])
   and (%(text)s::text is null
        or strpos(lower(concat_ws(E'\n', l.action, l.actor_label, l.resource_label, l.reason, l.before::text,
                                  l.after::text)), lower(%(text)s)) > 0)
 order by p.position desc
 limit %(limit)s

-- name: position_of
select position from audit_position where id = %(id)s

-- name: span
-- First and last position with an instant in [from, to).
select min(position), max(position) from audit_position
 where position > %(lower)s and position < %(upper)s and at >= %(from)s and at < %(to)s

-- name: try_seal_lock
-- Held to the end of the transaction, so that two workers never seal at once.
select pg_try_advisory_xact_lock(4711018006)

-- name: origin
select 'opsconsole/' || id from audit_origin

-- name: newest_checkpoint
select size, note, at, root, vkey from audit_checkpoint order by size desc limit 1

-- name: rotated
-- Whether the log says that one key took the place of another. Asked only when the key is not the one of before.
select exists (select from audit_log
                where action = 'audit.key.rotated' and before ->> 'vkey' = %(old)s and after ->> 'vkey' = %(new)s)

-- name: checkpoint_of
select note, root from audit_checkpoint where size = %(size)s

-- name: checkpoints_after
select size, note from audit_checkpoint where size > %(size)s order by size limit %(limit)s

-- name: chain
-- Checkpoints from the first that covers ``first`` to the first that covers ``last``.
select size, note from audit_checkpoint
 where size >= %(first)s and size <= (select min(size) from audit_checkpoint where size >= %(last)s)
 order by size

-- name: rows
-- What a leaf is made of, see backend/audit/canonical.py. By index, row by row: the planner would rather read the whole
-- log for each chunk. The last column: do the search columns say the same?
select p.position, l.seq, l.id::text,
       to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           || case when l.at < '0001-01-01 00:00:00+00' then ' BC' else '' end,
       l.actor, l.actor_label, l.action, l.resource_type, l.resource_id, l.resource_label, l.version, l.before::text,
       l.after::text, l.reason, l.request_id, l.correlation_id,
       (p.id, p.at, p.actor, p.action, p.resource_type, p.resource_id, p.correlation_id)
           is not distinct from (l.id, l.at, l.actor, l.action, l.resource_type, l.resource_id, l.correlation_id)
  from audit_position as p
  left join lateral (select * from audit_log where seq = p.seq offset 0) as l on true
 where p.position between %(first)s and %(last)s
 order by p.position

-- name: leaves
select idx + 1, hash from audit_node where level = 0 and idx between %(first)s - 1 and %(last)s - 1 order by idx

-- name: nodes
select level, idx, hash from audit_node
 where (level, idx) in (select l, i from unnest(%(levels)s::smallint[], %(idxs)s::bigint[]) as wanted (l, i))

-- name: insert_nodes
-- The hashes come as one value, 32 bytes each.
insert into audit_node (level, idx, hash)
select level, idx, substr(%(hashes)s::bytea, (n::int - 1) * 32 + 1, 32)
  from unnest(%(levels)s::smallint[], %(idxs)s::bigint[]) with ordinality as node (level, idx, n)

-- name: insert_checkpoint
insert into audit_checkpoint (size, at, root, note, vkey)
values (%(size)s, %(at)s, %(root)s, %(note)s, %(vkey)s)

-- name: outside
select kind, through_size, problem, at from audit_outside

-- name: tell_outside
insert into audit_outside as o (kind, through_size, problem)
values (%(kind)s, %(through_size)s, %(problem)s)
on conflict (only_row) do update
   set kind = excluded.kind, through_size = excluded.through_size, problem = excluded.problem, at = now()
 where (o.kind, o.through_size, o.problem) is distinct from (excluded.kind, excluded.through_size, excluded.problem)

-- name: unsealed_seconds
-- Seconds the oldest entry that has a position waits for its seal.
select coalesce(extract(epoch from clock_timestamp() - (select at from audit_position where position = %(size)s + 1)),
                0)::float8

-- name: behind_the_relay
-- Entries the relay has passed without giving them a position, and the position next to the first.
select l.seq, (select min(p.position) from audit_position as p where p.seq > l.seq)
  from audit_log as l
 cross join audit_relay as r
 where ((l.xid, l.seq) <= (r.xid, r.seq) or l.seq <= r.seq_floor) and l.xid < pg_snapshot_xmin(pg_current_snapshot())
   and not exists (select from audit_position as p where p.seq = l.seq)
 order by l.seq
 limit 1

-- name: edges
-- Lowest and highest position, and how far the leaves of the tree reach.
select (select min(position) from audit_position), (select max(position) from audit_position),
       (select coalesce(max(idx) + 1, 0) from audit_node where level = 0)

-- name: all_checkpoints
select size, note from audit_checkpoint order by size

-- name: instants
-- When an entry says it was written, and its search columns.
select l.at::text, extract(epoch from l.at)::float8, p.at::text, p.actor, p.action, p.resource_type, p.resource_id,
       p.correlation_id
  from audit_position as p join audit_log as l using (seq) where p.position = %(position)s

-- name: covering
select size, note, vkey from audit_checkpoint where size >= %(position)s order by size limit 1
