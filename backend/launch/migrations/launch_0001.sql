-- A version of a template is never changed, only followed.
create table launch_template (
    key        text not null,
    version    integer not null check (version >= 1),
    content    jsonb not null,
    summary    text not null default '',
    created_at timestamptz not null default now(),
    created_by text not null,
    primary key (key, version)
);

-- Definitions (roll, points, criteria) are data, whole, in one row; items have a life of their own.
create table launch (
    id               uuid primary key default uuidv7(),
    title            text not null,
    short_title      text not null,
    zone             text not null,
    planned_zero_at  timestamptz not null,
    template_key     text not null,
    template_version integer not null,
    rehearsal_of     uuid references launch,
    state            text not null default 'open' check (state in ('open', 'launched', 'scrubbed')),
    roll             jsonb not null,
    points           jsonb not null,
    criteria         jsonb not null,
    faults           jsonb not null default '{}',
    created_at       timestamptz not null default now(),
    created_by       text not null,
    closed_at        timestamptz,
    decision         text,
    version          bigint not null default 1,
    foreign key (template_key, template_version) references launch_template (key, version),
    check ((state = 'open') = (closed_at is null)),
    check (rehearsal_of is not null or faults = '{}')
);
create index launch_listed on launch (planned_zero_at desc, id desc);
create index launch_open on launch (id) where state = 'open';

create table launch_item (
    id              uuid primary key default uuidv7(),
    launch_id       uuid not null references launch,
    key             text not null,
    number          integer not null,
    category        text not null,
    description     text not null,
    owner_role      text not null,
    due             double precision not null,
    blocking        boolean not null,
    automatic       boolean not null,
    entry_criteria  text not null,
    evidence        jsonb not null,
    criteria        text[] not null,
    depends_on      text[] not null,
    contingency     jsonb,
    status          text not null default 'pending' check (status in ('pending', 'approved', 'waived')),
    notes           text,
    completed_at    timestamptz,
    completed_by    text,
    waiver          jsonb,
    waived_until    timestamptz,
    reopened_reason text,
    alerted         boolean not null default false,
    version         bigint not null default 1,
    unique (launch_id, key),
    check ((status = 'waived') = (waiver is not null)),
    check ((waiver is null) = (waived_until is null)),
    check ((status = 'approved') = (completed_at is not null))
);
create index launch_item_listed on launch_item (launch_id, number, id);

create table launch_clock_event (
    launch_id     uuid not null references launch,
    seq           integer not null check (seq >= 1),
    at            timestamptz not null,
    kind          text not null check (kind in ('set', 'hold', 'release', 'recycle', 'scrub')),
    reading       double precision,
    hold          integer,
    by            text not null,
    reason        text not null default '',
    exit_criteria text not null default '',
    primary key (launch_id, seq),
    check ((kind in ('set', 'recycle')) = (reading is not null)),
    check ((kind = 'release') = (hold is not null))
);

create table launch_delegation (
    launch_id uuid not null references launch,
    role      text not null,
    person    text not null,
    by        text not null,
    reason    text not null,
    at        timestamptz not null default clock_timestamp(),
    primary key (launch_id, role)
);

create table launch_poll (
    id               uuid primary key default uuidv7(),
    launch_id        uuid not null references launch,
    round            integer not null,
    question         text not null,
    state            text not null default 'open' check (state in ('open', 'closed')),
    evidence_version bigint not null default 1,
    held_since       timestamptz,
    opened_at        timestamptz not null default clock_timestamp(),
    opened_by        text not null,
    closed_at        timestamptz,
    closed_by        text,
    verdict          text check (verdict in ('GO', 'HOLD', 'NO-GO')),
    -- What was decided upon, as it was sealed by the closing entry.
    sealed           jsonb,
    version          bigint not null default 1,
    unique (launch_id, round),
    check ((state = 'closed') = (closed_at is not null and verdict is not null and sealed is not null))
);
create unique index launch_poll_open on launch_poll (launch_id) where state = 'open';

-- What goes stale needs no event: readers, and the vote's own where clause, compare good_until with the clock.
create table launch_evidence (
    poll_id      uuid not null references launch_poll,
    key          text not null,
    number       integer not null,
    value        double precision,
    low          double precision,
    high         double precision,
    stale_after  double precision not null,
    data_through timestamptz,
    late_at      timestamptz,
    good_until   timestamptz,
    evaluated_at timestamptz not null,
    verdict      text not null check (verdict in ('inside', 'outside', 'stale', 'unknown')),
    changed_at   timestamptz,
    detail       text not null default '',
    binds        text[] not null,
    primary key (poll_id, key)
);

create table launch_vote (
    poll_id          uuid not null references launch_poll,
    role             text not null,
    choice           text not null check (choice in ('GO', 'HOLD', 'NO-GO')),
    standing         text not null default 'counted' check (standing in ('counted', 'evidence changed')),
    evidence_version bigint not null,
    person           text not null,
    reason           text not null default '',
    at               timestamptz not null default clock_timestamp(),
    second_factor_at timestamptz,
    delegated_by     text,
    changed_at       timestamptz,
    changed          text[] not null default '{}',
    override         jsonb,
    version          bigint not null default 1,
    primary key (poll_id, role),
    check (standing = 'counted' or choice = 'GO'),
    check (override is null or choice = 'NO-GO')
);

create table launch_record (
    poll_id      uuid primary key references launch_poll,
    published_at timestamptz not null default clock_timestamp(),
    html         bytea not null,
    pdf          bytea not null,
    -- It holds the proof of the entry that seals the other two, which is written before.
    json         bytea,
    vkey         text
);

create table launch_lesson (
    id         uuid primary key default uuidv7(),
    launch_id  uuid not null references launch,
    item       jsonb not null,
    reason     text not null,
    by         text not null,
    at         timestamptz not null default clock_timestamp(),
    taken_into integer
);
create index launch_lesson_of on launch_lesson (launch_id, at, id);

grant select, insert on launch_template, launch_clock_event to opsconsole_app;
grant select, insert, update on launch, launch_item, launch_poll, launch_evidence, launch_vote, launch_lesson,
    launch_record to opsconsole_app;
grant select, insert, delete on launch_delegation to opsconsole_app;
