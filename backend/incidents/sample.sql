-- name: incident
insert into incident (title, severity, status, description, started_at, detected_at, acknowledged_at, acknowledged_by,
                      mitigated_at, resolved_at, services, links, customers_affected, origin, groups, updates,
                      next_update_due_at, remind_at, review_required, review_due_at, created_at, created_by, updated_at)
values (%(title)s, %(severity)s, %(status)s, %(description)s, %(started_at)s, %(detected_at)s, %(acknowledged_at)s,
        %(acknowledged_by)s, %(mitigated_at)s, %(resolved_at)s, %(services)s, %(links)s, %(customers_affected)s, %(origin)s,
        %(groups)s, %(updates)s, %(next_update_due_at)s, %(next_update_due_at)s, %(review_required)s, %(review_due_at)s,
        %(detected_at)s, %(opened_by)s, %(updated_at)s)
returning id

-- name: role
insert into incident_role (incident_id, role, user_id, since) values (%(incident_id)s, %(role)s, %(user_id)s, %(since)s)

-- name: name
-- Whoever tries the shop out has the name of a role, and comes later.
select coalesce((select name from account where id = %(person)s), (select name from role_definition where id = %(person)s),
                %(person)s::text)

-- name: deploy
insert into deploy (id, service, version, environment, deployed_at, deployed_by)
values (%(id)s, %(service)s, %(version)s, 'production', %(at)s, %(by)s)

-- name: update
insert into incident_update (incident_id, number, phase, text, severity, status, channels, posted_at, posted_by, due_at,
                             next_update_due_at)
values (%(incident_id)s, %(number)s, %(phase)s, %(text)s, %(severity)s, %(status)s, '{Support}', %(at)s, %(by)s, %(due_at)s,
        %(next_update_due_at)s)

-- name: review
insert into incident_review (incident_id, state, summary, impact, detection, response, went_well, went_badly, factors,
                             figures, moments, author, editors, submitted_at, approved_by, approved_at, published_at,
                             created_at)
values (%(incident_id)s, %(state)s, %(summary)s, %(impact)s, %(detection)s, %(response)s, %(went_well)s, %(went_badly)s,
        %(factors)s, %(figures)s, %(moments)s, %(author)s, array[%(author)s], %(submitted_at)s, %(approved_by)s,
        %(approved_at)s, %(published_at)s, %(created_at)s)

-- name: reviewed
update incident set status = 'reviewed', reviewed_at = %(at)s where id = %(incident_id)s

-- name: action
insert into incident_action (incident_id, title, owner, due_on, done_at, done_by, created_at, created_by)
values (%(incident_id)s, %(title)s, %(owner)s, %(due_on)s, %(done_at)s, %(done_by)s, %(created_at)s, %(author)s)

-- name: policies
select name, id::text, (definition -> 'steps' -> 0 -> 'targets' -> 0 ->> 'id')::uuid from escalation_policy

-- name: page
insert into page (policy_id, policy_version, subject_kind, subject_id, title, severity, link, team, state, started_at,
                  started_by, next_step, acknowledged_at, acknowledged_by, acknowledged_step, resolved_at, resolved_by,
                  reason)
select id, version, 'incident', %(incident_id)s, %(title)s, %(severity)s, '', team,
       case when %(resolved_at)s::timestamptz is null then 'acknowledged' else 'resolved' end, %(at)s, %(opened_by)s, 1,
       %(answered_at)s, %(answered_by)s, 0, %(resolved_at)s,
       case when %(resolved_at)s::timestamptz is not null then %(answered_by)s end,
       case when %(resolved_at)s::timestamptz is null then '' else 'the incident is over' end
  from escalation_policy where id = %(policy_id)s
returning id::text

-- name: page_call
insert into page_call (page_id, number, round, step, at, people, rosters, tzdata, words)
values (%(page_id)s, 1, 0, 0, %(at)s, %(people)s, '[]', '', '')

-- name: page_notices
-- What was sent then is long forgotten, but for that it was.
with told as (
    insert into notice (team, severity, template, thread, phase, recipients, connections, created_at, erased_at)
    select p.team, p.severity, 'oncall.page', 'page:' || p.id, 'opened', array[''], array[c.id],
           %(at)s::timestamptz + n * interval '1 ms', %(at)s
      from page as p
      join connection as c on c.seed = 'sample_mail'
     cross join unnest(%(people)s::text[]) with ordinality as u (person, n)
     where p.id = %(page_id)s
    returning id, created_at)
insert into page_notice (page_id, number, person, notice_id)
select %(page_id)s, 1, u.person, t.id
  from unnest(%(people)s::text[]) with ordinality as u (person, n)
  join told as t on t.created_at = %(at)s::timestamptz + u.n * interval '1 ms'

-- name: run
insert into runbook_run (runbook_id, runbook_version, incident_id, started_at, started_by)
select id, version, %(incident_id)s, %(at)s, %(by)s from runbook where slug = %(slug)s
    on conflict do nothing

-- name: mark
insert into runbook_mark (run_id, step, done_at, done_by, note)
select u.id, %(step)s, %(at)s, %(by)s, %(note)s
  from runbook_run as u join runbook as r on r.id = u.runbook_id
 where u.incident_id = %(incident_id)s and r.slug = %(slug)s

-- name: runbook
select u.id::text, r.id::text, r.title, r.steps[%(step)s]
  from runbook_run as u join runbook as r on r.id = u.runbook_id
 where u.incident_id = %(incident_id)s and r.slug = %(slug)s

-- name: alert_rule
select id::text, title, for_seconds from alert_rule where figure = %(figure)s order by severity limit 1
