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
