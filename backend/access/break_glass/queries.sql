-- name: open_review
insert into access_review (assignment_id) values (%(assignment_id)s) returning id

-- name: lock_review
select assignment_id from access_review where id = %(review_id)s for update

-- name: close_review
update access_review set closed_at = clock_timestamp(), closed_by = %(actor)s, findings = %(findings)s,
       version = version + 1
 where id = %(review_id)s

-- name: reviews
select r.id::text as review_id, r.assignment_id, r.opened_at, r.closed_at, person_name(r.closed_by) as closed_by_name,
       r.findings, r.version
  from access_review as r
 where (%(review_id)s::uuid is null or r.id = %(review_id)s)
   and (%(open)s::boolean is null or %(open)s = (r.closed_at is null))
 order by r.opened_at desc, r.id desc
 limit 200
