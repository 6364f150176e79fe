-- Incidents as they are now. What they were stands in the audit log, and so does their timeline.

create table incident (
    id                 uuid primary key default uuidv7(),
    number             bigint generated always as identity unique,
    title              text not null,
    severity           text not null check (severity in ('SEV1', 'SEV2', 'SEV3', 'SEV4')),
    status             text not null default 'detected'
                       check (status in ('detected', 'acknowledged', 'mitigated', 'resolved', 'reviewed')),
    description        text not null,
    started_at         timestamptz not null,
    detected_at        timestamptz not null,
    acknowledged_at    timestamptz,
    acknowledged_by    text,
    mitigated_at       timestamptz,
    resolved_at        timestamptz,
    reviewed_at        timestamptz,
    services           text[] not null default '{}',
    links              jsonb not null default '[]',
    customers_affected bigint,
    runbook_id         text,
    runbook_link       text not null default '',
    origin             text not null check (origin in ('manual', 'alert', 'rule')),
    -- Of alerts: those that come later belong to this one, too.
    groups             text[] not null default '{}',
    merged_into        uuid references incident,
    updates            bigint not null default 0,
    next_update_due_at timestamptz,
    -- When somebody is told next that an update is overdue.
    remind_at          timestamptz,
    review_required    boolean not null,
    review_due_at      timestamptz,
    created_at         timestamptz not null default now(),
    created_by         text not null,
    updated_at         timestamptz not null default now(),
    version            bigint not null default 1,
    check (merged_into <> id),
    check ((status in ('resolved', 'reviewed')) = (resolved_at is not null))
);
create index incident_open on incident (number) where resolved_at is null;
create index incident_detected on incident (detected_at);
create index incident_merged on incident (merged_into) where merged_into is not null;
create index incident_remind on incident (remind_at) where remind_at is not null;

create table incident_role (
    incident_id uuid not null references incident,
    role        text not null check (role in ('commander', 'communications', 'scribe')),
    user_id     text not null,
    since       timestamptz not null default clock_timestamp(),
    primary key (incident_id, role)
);

create table incident_participant (
    incident_id uuid not null references incident,
    user_id     text not null,
    reason      text not null,
    joined_at   timestamptz not null default clock_timestamp(),
    primary key (incident_id, user_id)
);

-- An alert belongs to one open incident at most; with the incident its belonging ends, and it may open another.
create table incident_alert (
    incident_id uuid not null references incident,
    alert_id    uuid not null,
    attached_at timestamptz not null default clock_timestamp(),
    attached_by text not null,
    ended_at    timestamptz,
    primary key (incident_id, alert_id)
);
create unique index incident_alert_open on incident_alert (alert_id) where ended_at is null;
create index incident_alert_of on incident_alert (alert_id, ended_at);

-- The rules look at alerts that are raised, newest versions only.
create index alert_standing on alert (raised_at) where valid_to = 'infinity' and state <> 'cleared';

create view incident_record as
select i.id, i.id::text as incident_id, i.number, 'INC-' || lpad(i.number::text, greatest(4, length(i.number::text)), '0') as reference,
       i.title, i.severity, i.status, i.description, i.started_at, i.detected_at, i.acknowledged_at, i.acknowledged_by,
       i.mitigated_at, i.resolved_at, i.reviewed_at,
       (select coalesce(jsonb_agg(jsonb_build_object('role', r.role, 'userId', r.user_id, 'name', person_name(r.user_id),
                                                     'since', r.since) order by r.role), '[]')
          from incident_role as r where r.incident_id = i.id) as roles,
       (select coalesce(jsonb_agg(jsonb_build_object('userId', p.user_id, 'name', person_name(p.user_id), 'reason', p.reason,
                                                     'joinedAt', p.joined_at) order by p.joined_at, p.user_id), '[]')
          from incident_participant as p where p.incident_id = i.id) as participants,
       i.services, i.links, i.customers_affected, i.runbook_id, i.runbook_link,
       case when i.reviewed_at is null then '' else '/api/operations/incidents/' || i.id || '/review' end as postmortem_link,
       i.origin,
       (select count(*) from incident_alert as t where t.incident_id = i.id) as alerts,
       (select count(*) from incident_alert as t join alert as a on a.id = t.alert_id and a.valid_to = 'infinity'
         where t.incident_id = i.id and a.state <> 'cleared') as open_alerts,
       i.updates, i.next_update_due_at, i.review_required, i.merged_into::text as merged_into, i.created_at, i.created_by,
       i.updated_at, i.version
  from incident as i;

create table severity_matrix (
    only_row   boolean primary key default true check (only_row),
    levels     jsonb not null,
    version    bigint not null default 1,
    updated_at timestamptz not null default now(),
    updated_by text not null
);
insert into severity_matrix (levels, updated_by) values ('[
  {"severity": "SEV1", "meaning": "The shop does not sell or does not deliver, or data of customers is at risk.",
   "escalationPolicyId": null, "teams": ["operations", "support"], "updateMinutes": 15, "reviewRequired": true,
   "reviewDays": 5, "closer": "leads"},
  {"severity": "SEV2", "meaning": "Many customers are hit, or a limit that matters is broken, without a way around.",
   "escalationPolicyId": null, "teams": ["operations", "support"], "updateMinutes": 30, "reviewRequired": true,
   "reviewDays": 10, "closer": "commander"},
  {"severity": "SEV3", "meaning": "Some customers are hit, or a part is degraded; there is a way around.",
   "escalationPolicyId": null, "teams": ["operations"], "updateMinutes": 120, "reviewRequired": false,
   "reviewDays": 30, "closer": "responders"},
  {"severity": "SEV4", "meaning": "Nearly nobody notices; it is to be put right in working hours.",
   "escalationPolicyId": null, "teams": ["operations"], "updateMinutes": null, "reviewRequired": false,
   "reviewDays": 30, "closer": "responders"}]', 'system:migrate');

create table incident_rule (
    id             uuid primary key default uuidv7(),
    title          text not null,
    kind           text not null check (kind in ('lasting', 'burst')),
    minutes        integer not null,
    alerts         integer,
    alert_group    text,
    least_severity text not null,
    severity       text not null,
    services       text[] not null default '{}',
    runbook_id     text,
    runbook_link   text not null default '',
    enabled        boolean not null,
    version        bigint not null default 1,
    updated_at     timestamptz not null default now(),
    updated_by     text not null,
    check ((kind = 'burst') = (alerts is not null))
);

-- What people say about entries of the timeline, by their positions; the entries stand in the audit log, unchanged.
create table incident_pin (
    incident_id uuid not null references incident,
    position    bigint not null,
    primary key (incident_id, position)
);

create table incident_correction (
    id          uuid primary key default uuidv7(),
    incident_id uuid not null references incident,
    position    bigint not null,
    text        text not null,
    occurred_at timestamptz,
    by          text not null,
    at          timestamptz not null default clock_timestamp()
);
create index incident_correction_of on incident_correction (incident_id, position);

create table deploy (
    id          text primary key,
    service     text not null,
    version     text not null,
    environment text not null,
    deployed_at timestamptz not null,
    deployed_by text,
    url         text not null default '',
    received_at timestamptz not null default now()
);
create index deploy_at on deploy (deployed_at);

create table incident_update (
    id                 uuid primary key default uuidv7(),
    incident_id        uuid not null references incident,
    number             bigint not null,
    phase              text not null,
    text               text not null,
    severity           text not null,
    status             text not null,
    channels           text[] not null,
    posted_at          timestamptz not null default clock_timestamp(),
    posted_by          text not null,
    due_at             timestamptz,
    next_update_due_at timestamptz,
    unique (incident_id, number)
);

create table incident_review (
    incident_id  uuid primary key references incident,
    state        text not null default 'draft' check (state in ('draft', 'submitted', 'approved', 'published')),
    summary      text not null default '',
    impact       text not null default '',
    detection    text not null default '',
    response     text not null default '',
    went_well    text not null default '',
    went_badly   text not null default '',
    factors      jsonb not null default '[]',
    -- As they were when it was published; before, they are worked out.
    figures      jsonb,
    moments      jsonb,
    author       text not null,
    editors      text[] not null,
    submitted_at timestamptz,
    approved_by  text,
    approved_at  timestamptz,
    published_at timestamptz,
    created_at   timestamptz not null default now(),
    version      bigint not null default 1
);

create table incident_action (
    id          uuid primary key default uuidv7(),
    incident_id uuid not null references incident,
    title       text not null,
    owner       text not null,
    due_on      date not null,
    link        text not null default '',
    done_at     timestamptz,
    done_by     text,
    created_at  timestamptz not null default now(),
    created_by  text not null,
    version     bigint not null default 1
);
create index incident_action_of on incident_action (incident_id);
create index incident_action_due on incident_action (due_on) where done_at is null;

grant select, insert, update on incident, incident_alert, severity_matrix, incident_rule, incident_review, incident_action
   to opsconsole_app;
grant select, insert, update, delete on incident_role, incident_participant, incident_pin to opsconsole_app;
grant select, insert on incident_correction, incident_update, deploy to opsconsole_app;
grant select on incident_record to opsconsole_app;
