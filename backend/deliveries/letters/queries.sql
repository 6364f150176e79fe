-- name: page
-- Of what was sent, the newest of each lane by position; of the others by their small indexes.
with found as (
    select 'delivery-' || d.lane_id || '-' || d.position as id,
           case when p.action = 'deliveries.notice.written' then 'notice' else 'delivery' end as source, d.state,
           l.connection_id, p.id::text as message_id, p.action,
           coalesce(a.resource_label, a.resource_id) as about, d.attempts, d.first_at, d.due_at, d.ended_at, d.status,
           coalesce(d.words, '') as words, d.exchange, d.history
      from lane as l
     cross join lateral (
           select d.* from delivery as d
            where %(state)s = 'sent' and d.lane_id = l.id and d.state = 'sent'
              and (%(at)s::timestamptz is null or coalesce(d.ended_at, d.first_at) <= %(at)s)
            order by d.position desc limit %(limit)s + 1) as d
      join audit_position as p on p.position = d.position
      join audit_log as a on a.seq = p.seq
     where l.source = 'log' and (%(connection_id)s::uuid is null or l.connection_id = %(connection_id)s)
    union all
    select 'delivery-' || d.lane_id || '-' || d.position,
           case when p.action = 'deliveries.notice.written' then 'notice' else 'delivery' end, d.state,
           l.connection_id, p.id::text, p.action, coalesce(a.resource_label, a.resource_id), d.attempts, d.first_at,
           d.due_at, d.ended_at, d.status, coalesce(d.words, ''), d.exchange, d.history
      from delivery as d
      join lane as l on l.id = d.lane_id
      join audit_position as p on p.position = d.position
      join audit_log as a on a.seq = p.seq
     where d.state = %(state)s and (d.state in ('dead', 'discarded') or d.state = 'waiting')
       and (%(connection_id)s::uuid is null or l.connection_id = %(connection_id)s)
    union all
    select 'command-' || m.id, 'command',
           case m.state when 'asking' then 'waiting' when 'done' then 'sent' else m.state end,
           m.connection_id, m.id::text, m.name, m.about, m.attempts, coalesce(m.first_at, m.created_at), m.due_at,
           m.ended_at, m.status, m.words, m.exchange, m.history
      from shop_command as m
     where m.state <> 'withdrawn'
       and case m.state when 'asking' then 'waiting' when 'done' then 'sent' else m.state end = %(state)s
       and (%(connection_id)s::uuid is null or m.connection_id = %(connection_id)s)
    union all
    select 'job-' || j.id, 'job', %(state)s, null, j.id::text, j.task_name, coalesce(j.queueing_lock, j.args::text),
           j.attempts, coalesce(e.first_at, now()), null,
           coalesce((select g.discarded_at from discarded_letter as g
                      where %(state)s = 'discarded' and g.letter_id = 'job-' || j.id), e.ended_at), null, 'the job failed: see the log of the worker',
           null, null
      from procrastinate_jobs as j
     cross join lateral (select min(v.at) as first_at, max(v.at) as ended_at
                           from procrastinate_events as v where v.job_id = j.id) as e
     where %(connection_id)s::uuid is null
       and (%(state)s = 'dead' and j.status = 'failed'
            or %(state)s = 'discarded' and j.status = 'cancelled'
               and exists (select from discarded_letter as g where g.letter_id = 'job-' || j.id)))
select f.id, f.source, f.state, f.connection_id::text as connection_id, f.message_id, f.action, f.about, f.attempts,
       f.first_at, f.due_at, f.ended_at, f.status, f.words, g.discarded_by, coalesce(g.reason, '') as discard_reason
  from found as f
  left join discarded_letter as g on g.letter_id = f.id and f.state = 'discarded'
 where (%(source)s::text is null or f.source = %(source)s)
   and (%(at)s::timestamptz is null or (coalesce(f.ended_at, f.first_at), f.id) < (%(at)s, %(after)s::text))
 order by coalesce(f.ended_at, f.first_at) desc, f.id desc
 limit %(limit)s

-- name: delivery
select 'delivery-' || d.lane_id || '-' || d.position as id,
       case when p.action = 'deliveries.notice.written' then 'notice' else 'delivery' end as source, d.state,
       l.connection_id::text as connection_id, p.id::text as message_id, p.action,
       coalesce(a.resource_label, a.resource_id) as about, d.attempts, d.first_at, d.due_at, d.ended_at, d.status,
       coalesce(d.words, '') as words, d.exchange, coalesce(d.history, '[]') as history
  from delivery as d
  join lane as l on l.id = d.lane_id
  join audit_position as p on p.position = d.position
  join audit_log as a on a.seq = p.seq
 where d.lane_id = %(lane_id)s and d.position = %(position)s

-- name: given_up
select discarded_by, reason as discard_reason from discarded_letter where letter_id = %(letter_id)s

-- name: give_up
insert into discarded_letter (letter_id, reason, discarded_by)
select unnest(%(ids)s::text[]), %(reason)s, %(actor)s
    on conflict (letter_id) do update
   set reason = excluded.reason, discarded_by = excluded.discarded_by, discarded_at = clock_timestamp()

-- name: command
select 'command-' || m.id as id, 'command' as source,
       case m.state when 'asking' then 'waiting' when 'done' then 'sent' else m.state end as state,
       m.connection_id::text as connection_id, m.id::text as message_id, m.name as action, m.about, m.attempts,
       coalesce(m.first_at, m.created_at) as first_at, m.due_at, m.ended_at, m.status, m.words, m.exchange, m.history
  from shop_command as m
 where m.id = %(command_id)s and m.state <> 'withdrawn'

-- name: job
select 'job-' || j.id as id, 'job' as source, case j.status when 'failed' then 'dead' else 'discarded' end as state, null as connection_id, j.id::text as message_id,
       j.task_name as action, coalesce(j.queueing_lock, j.args::text) as about, j.attempts,
       coalesce(e.first_at, now()) as first_at, null::timestamptz as due_at,
       coalesce((select g.discarded_at from discarded_letter as g
                  where j.status = 'cancelled' and g.letter_id = 'job-' || j.id), e.ended_at) as ended_at,
       null::int as status,
       'the job failed: see the log of the worker' as words, null::jsonb as exchange, '[]'::jsonb as history
  from procrastinate_jobs as j
 cross join lateral (select min(v.at) as first_at, max(v.at) as ended_at
                       from procrastinate_events as v where v.job_id = j.id) as e
 where j.id = %(job_id)s
   and (j.status = 'failed' or j.status = 'cancelled'
        and exists (select from discarded_letter as g where g.letter_id = 'job-' || j.id))

-- name: dead_of
-- Replayed in order: those of a connection within a time, oldest first.
select 'delivery-' || d.lane_id || '-' || d.position as id
  from delivery as d join lane as l on l.id = d.lane_id
 where d.state = 'dead' and l.connection_id = %(connection_id)s
   and (%(since)s::timestamptz is null or d.ended_at >= %(since)s)
   and (%(until)s::timestamptz is null or d.ended_at <= %(until)s)
 union all
select 'command-' || m.id
  from shop_command as m
 where m.state = 'dead' and m.connection_id = %(connection_id)s
   and (%(since)s::timestamptz is null or m.ended_at >= %(since)s)
   and (%(until)s::timestamptz is null or m.ended_at <= %(until)s)

-- name: lock_deliveries
select d.lane_id, d.position, d.state
  from delivery as d
  join unnest(%(lanes)s::bigint[], %(positions)s::bigint[]) as u (lane_id, position) using (lane_id, position)
 order by d.lane_id, d.position
   for update of d

-- name: replay_deliveries
-- As new: tries and age begin again, and the id is what it was.
with again as (
    update delivery as d
       set state = 'waiting', attempts = 0, first_at = clock_timestamp(), due_at = clock_timestamp(), ended_at = null
      from unnest(%(lanes)s::bigint[], %(positions)s::bigint[]) as u (lane_id, position)
     where d.lane_id = u.lane_id and d.position = u.position and d.state in ('dead', 'discarded')
    returning d.lane_id)
update lane set due_at = '-infinity' where id in (select lane_id from again)

-- name: discard_deliveries
update delivery as d
   set state = 'discarded', ended_at = clock_timestamp()
  from unnest(%(lanes)s::bigint[], %(positions)s::bigint[]) as u (lane_id, position)
 where d.lane_id = u.lane_id and d.position = u.position and d.state = 'dead'

-- name: command_states
select id, state from shop_command where id = any (%(ids)s::uuid[])

-- name: failed_jobs
select id from procrastinate_jobs where id = any (%(ids)s::bigint[]) and status = 'failed' for update

-- name: replay_jobs
update procrastinate_jobs set status = 'todo', attempts = 0, scheduled_at = null
 where id = any (%(ids)s::bigint[]) and status = 'failed'

-- name: discard_jobs
update procrastinate_jobs set status = 'cancelled' where id = any (%(ids)s::bigint[]) and status = 'failed'
