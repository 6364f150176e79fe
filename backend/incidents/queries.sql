-- name: policies
-- Escalation policies that can be paged.
select id::text from escalation_policy where archived_at is null and id::text = any (%(ids)s::text[])

-- name: page_ids
select id::text from page where subject_kind = 'incident' and subject_id = any (%(ids)s::text[])

-- name: answered
-- Incidents that wait for somebody, whose page has been answered; by whom, and when.
select i.id, p.acknowledged_by, p.acknowledged_at
  from incident as i
  join page as p on p.subject_kind = 'incident' and p.subject_id = i.id::text
 where i.status = 'detected' and i.merged_into is null and p.acknowledged_at is not null
 order by i.id, p.acknowledged_at
