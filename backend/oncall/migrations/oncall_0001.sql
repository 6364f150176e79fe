-- Who is on call. What a roster said in the past is never rewritten: revisions and overrides are only followed.

create table schedule (
    id          uuid primary key default uuidv7(),
    name        text not null,
    team        text not null,
    zone        text not null,
    archived_at timestamptz,
    -- Rises with whatever changes who is on call.
    version     bigint not null default 1,
    updated_at  timestamptz not null default clock_timestamp(),
    updated_by  text not null
);
create unique index schedule_name on schedule (lower(name)) where archived_at is null;

-- A definition is data, whole, in one row; the one in force is that with the latest effective_at, then recorded_at.
create table schedule_revision (
    schedule_id  uuid not null references schedule,
    revision     bigint not null,
    recorded_at  timestamptz not null,
    effective_at timestamptz not null,
    recorded_by  text not null,
    reason       text not null,
    definition   jsonb not null,
    primary key (schedule_id, revision),
    check (effective_at >= recorded_at)
);

create table swap_request (
    id           uuid primary key default uuidv7(),
    schedule_id  uuid not null references schedule,
    person       text not null,
    to_person    text,
    starts_at    timestamptz not null,
    ends_at      timestamptz not null,
    back_start   timestamptz,
    back_end     timestamptz,
    reason       text not null,
    state        text not null default 'requested'
                 check (state in ('requested', 'taken', 'declined', 'withdrawn', 'lapsed')),
    requested_at timestamptz not null default clock_timestamp(),
    requested_by text not null,
    decided_at   timestamptz,
    decided_by   text,
    comment      text not null default '',
    version      bigint not null default 1,
    check (ends_at > starts_at)
);
create index swap_request_open on swap_request (starts_at) where state = 'requested';

-- Acts from the later of start and recorded_at to the earlier of end and cancelled_at.
create table schedule_override (
    id           uuid primary key default uuidv7(),
    schedule_id  uuid not null references schedule,
    starts_at    timestamptz not null,
    ends_at      timestamptz not null,
    people       text[] not null,
    instead_of   text not null check (instead_of in ('person', 'everybody', 'nobody')),
    person       text,
    recorded_at  timestamptz not null,
    recorded_by  text not null,
    cancelled_at timestamptz,
    cancelled_by text,
    swap_id      uuid references swap_request,
    reason       text not null,
    check (ends_at > starts_at),
    check ((instead_of = 'person') = (person is not null))
);
create index schedule_override_time on schedule_override (schedule_id, ends_at);
create index schedule_override_swap on schedule_override (swap_id) where swap_id is not null;

-- Where somebody lives: nights and weekends are theirs.
create table person_zone (
    person     text primary key,
    zone       text not null,
    version    bigint not null default 1,
    updated_at timestamptz not null default clock_timestamp(),
    updated_by text not null
);

create table escalation_policy (
    id          uuid primary key default uuidv7(),
    name        text not null,
    team        text not null,
    description text not null,
    definition  jsonb not null,
    archived_at timestamptz,
    version     bigint not null default 1,
    updated_at  timestamptz not null default clock_timestamp(),
    updated_by  text not null
);
create unique index escalation_policy_name on escalation_policy (lower(name)) where archived_at is null;

-- Every version: a page stays under the one it began with.
create table escalation_policy_version (
    policy_id   uuid not null references escalation_policy,
    version     bigint not null,
    recorded_at timestamptz not null default clock_timestamp(),
    recorded_by text not null,
    name        text not null,
    team        text not null,
    definition  jsonb not null,
    reason      text not null,
    primary key (policy_id, version)
);

create table page (
    id                 uuid primary key default uuidv7(),
    -- None: a test.
    policy_id          uuid,
    policy_version     bigint,
    subject_kind       text not null,
    subject_id         text not null,
    title              text not null,
    severity           text not null,
    link               text not null,
    team               text not null,
    test               boolean not null default false,
    state              text not null default 'open' check (state in ('open', 'acknowledged', 'resolved')),
    started_at         timestamptz not null,
    started_by         text not null,
    round              integer not null default 1,
    -- The step to take next, from 0; one more than there are is the end of the round.
    next_step          integer not null default 0,
    -- When it was set, and for how long to wait: a clock that was set back shows by the first.
    waits_since        timestamptz,
    next_at            timestamptz,
    exhausted_at       timestamptz,
    acknowledged_at    timestamptz,
    acknowledged_by    text,
    acknowledged_step  integer,
    acknowledged_until timestamptz,
    resolved_at        timestamptz,
    resolved_by        text,
    reason             text not null default '',
    version            bigint not null default 1,
    foreign key (policy_id, policy_version) references escalation_policy_version,
    check (test = (policy_id is null))
);
-- Said again, a thing is paged once.
create unique index page_open on page (subject_kind, subject_id) where state <> 'resolved';
create index page_due on page (next_at) where next_at is not null;
create index page_subject on page (subject_kind, subject_id, started_at);
create index page_started on page (started_at desc, id desc);

-- A step as it was taken: the people, and by which roster. It is who was paged, whatever a roster says later.
create table page_call (
    page_id uuid not null references page,
    number  integer not null,
    round   integer not null,
    step    integer,
    at      timestamptz not null,
    people  text[] not null,
    rosters jsonb not null,
    tzdata  text not null,
    words   text not null,
    primary key (page_id, number)
);
create index page_call_at on page_call (at);

-- What it was sent by: a notice for each person, and one for the team. No notice: there is no way to that person.
create table page_notice (
    page_id   uuid not null,
    number    integer not null,
    person    text,
    notice_id uuid references notice,
    unique nulls not distinct (page_id, number, person),
    foreign key (page_id, number) references page_call
);

-- The secret of the address is kept as a hash alone.
create table calendar_feed (
    id          uuid primary key default uuidv7(),
    person      text,
    team        text,
    purpose     text not null,
    secret_hash bytea not null unique,
    last_four   text not null,
    created_at  timestamptz not null default clock_timestamp(),
    created_by  text not null,
    read_at     timestamptz,
    revoked_at  timestamptz,
    version     bigint not null default 1,
    check ((person is null) <> (team is null))
);

grant select, insert, update on schedule, swap_request, schedule_override, person_zone, escalation_policy, page,
    calendar_feed to opsconsole_app;
grant select, insert on schedule_revision, escalation_policy_version, page_call, page_notice to opsconsole_app;
