-- name: list_feeds
-- One's own, or all for those who manage on-call.
select id::text as id, person, person_name(person) as person_name, team, purpose, last_four, created_at, created_by,
       read_at, revoked_at, version
  from calendar_feed
 where (%(feed_id)s::uuid is null or id = %(feed_id)s)
   and (%(viewer)s::text is null or %(viewer)s in (person, created_by))
   and (%(before_at)s::timestamptz is null or (created_at, id) < (%(before_at)s, %(before_id)s::uuid))
 order by created_at desc, id desc
 limit %(limit)s

-- name: insert_feed
insert into calendar_feed (person, team, purpose, secret_hash, last_four, created_by)
values (%(person)s, %(team)s, %(purpose)s, %(secret_hash)s, %(last_four)s, %(actor)s)
returning id

-- name: revoke_feed
update calendar_feed set revoked_at = clock_timestamp(), version = version + 1
 where id = %(feed_id)s and revoked_at is null
returning version

-- name: feed_of_secret
select id, person, person_name(person), team, read_at < clock_timestamp() - interval '15 minutes' or read_at is null
  from calendar_feed where secret_hash = %(secret_hash)s and revoked_at is null

-- name: note_read
update calendar_feed set read_at = clock_timestamp() where id = %(feed_id)s
