-- name: open_review
insert into access_review (assignment_id) values (%(assignment_id)s) returning id

-- name: lock_review
select assignment_id from access_review where id = %(review_id)s for update

-- name: close_review
update access_review set closed_at = clock_timestamp(), closed_by = %(actor)s, findings = %(findings)s,
       version = version + 1
 where id = %(review_id)s
