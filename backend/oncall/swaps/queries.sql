-- name: list_swaps
select w.id::text as id, w.schedule_id::text as schedule_id, s.name as schedule_name, w.person,
       person_name(w.person) as person_name, w.to_person as "to", person_name(w.to_person) as to_name,
       w.starts_at as start, w.ends_at as "end", w.back_start, w.back_end, w.reason, w.state, w.requested_at,
       w.decided_at, w.decided_by, w.comment, w.version
  from swap_request as w join schedule as s on s.id = w.schedule_id
 where (%(states)s::text[] is null or w.state = any (%(states)s))
   and (%(swap_id)s::uuid is null or w.id = %(swap_id)s)
   and (%(before_at)s::timestamptz is null or (w.requested_at, w.id) < (%(before_at)s, %(before_id)s::uuid))
 order by w.requested_at desc, w.id desc
 limit %(limit)s

-- name: insert_swap
insert into swap_request (schedule_id, person, to_person, starts_at, ends_at, back_start, back_end, reason, requested_by)
values (%(schedule_id)s, %(person)s, %(to)s, %(start)s, %(end)s, %(back_start)s, %(back_end)s, %(reason)s, %(actor)s)
returning id

-- name: lock_swap
select id from swap_request where id = %(swap_id)s for update

-- name: decide_swap
update swap_request
   set state = %(state)s, to_person = coalesce(to_person, %(to)s), decided_at = clock_timestamp(),
       decided_by = %(actor)s, comment = %(comment)s, version = version + 1
 where id = %(swap_id)s
returning version

-- name: lapsed
select id from swap_request where state = 'requested' and starts_at <= clock_timestamp()
 limit 100 for update skip locked

-- name: count_open
select count(*) from swap_request
 where state = 'requested' and person <> %(person)s and (to_person is null or to_person = %(person)s)
