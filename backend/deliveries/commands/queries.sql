-- name: insert
insert into shop_command (name, about, data, reply_task, due_at)
values (%(name)s, %(about)s, %(data)s, %(reply_task)s, clock_timestamp() + make_interval(secs => %(seconds)s))
returning id

-- name: withdraw
-- Only while the shop knows nothing of it.
update shop_command set state = 'withdrawn', ended_at = clock_timestamp()
 where id = %(command_id)s and state = 'waiting' and reached = 0
returning id

-- name: recover
-- A sender was killed while it asked: whether the shop has heard is not known.
update shop_command set state = 'waiting', due_at = statement_timestamp(), lost = true
 where connection_id = %(connection_id)s and state = 'asking'
   and exists (select from lane as l where l.id = %(lane_id)s and l.held_by = %(me)s
                  and l.held_until > statement_timestamp())

-- name: begin_next
-- The attempt is in the database before the shop is asked, and only the holder of the lane makes one.
update shop_command as m
   set state = 'asking', attempts = m.attempts + 1, reached = m.reached + 1, connection_id = %(connection_id)s,
       first_at = coalesce(m.first_at, clock_timestamp())
 where m.id = (select n.id from shop_command as n, connection as c
                where c.id = %(connection_id)s and n.state = 'waiting'
                  and (%(probing)s or n.due_at <= statement_timestamp())
                  and (n.first_at is not null or n.due_at <= statement_timestamp())
                  and (n.connection_id = c.id
                       or (n.connection_id is null and (c.patterns = '{}' or n.name like any (c.patterns))))
                order by n.due_at, n.id
                limit 1 for update of n skip locked)
   and exists (select from lane as l where l.id = %(lane_id)s and l.held_by = %(me)s
                  and l.held_until > statement_timestamp())
returning m.id, m.name, m.about, m.data, m.reply_task, m.created_at, m.attempts, m.reached, m.first_at, m.lost,
          clock_timestamp() - m.first_at as age

-- name: end
update shop_command
   set state = %(state)s, attempts = attempts - %(uncounted)s, reached = reached - %(unreached)s, lost = %(lost)s, status = %(status)s, seconds = %(seconds)s, words = %(words)s,
       exchange = %(exchange)s, history = history || %(history)s,
       due_at = clock_timestamp() + make_interval(secs => %(due_in)s),
       ended_at = case when %(state)s <> 'waiting' then clock_timestamp() end
 where id = %(command_id)s and state = 'asking' and reached = %(reached)s
returning reply_task, about, name

-- name: lock
select id, name, about, state, attempts, lost, reply_task, words from shop_command where id = %(command_id)s for update

-- name: ask_again
update shop_command
   set state = 'waiting', due_at = clock_timestamp(), ended_at = null, attempts = 0, first_at = null, lost = %(lost)s
 where id = %(command_id)s

-- name: settle
update shop_command set state = %(state)s, words = %(words)s, ended_at = clock_timestamp() where id = %(command_id)s
