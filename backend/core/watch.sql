-- What tells a server that is slow from one that has stopped.

-- name: idle
-- Processes of ours that say they have had nothing to do for some time.
select pid from pg_stat_activity
 where usename = session_user and state like 'idle%%' and state_change < clock_timestamp() - make_interval(secs => %(seconds)s)
