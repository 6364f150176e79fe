-- Alert rules, and alerts with every version they ever had, so that any past instant can be asked for.

create table alert_rule (
    id              uuid primary key default uuidv7(),
    figure          text not null,
    title           text not null,
    comparison      text not null check (comparison in ('above', 'below')),
    value           double precision not null,
    hysteresis      double precision not null default 0 check (hysteresis >= 0),
    for_seconds     integer not null default 0 check (for_seconds >= 0),
    range_days      integer not null check (range_days in (1, 7, 30, 90)),
    severity        text not null check (severity in ('P1', 'P2', 'P3', 'P4')),
    guidance        text not null default '',
    runbook_url     text not null default '',
    no_data_seconds integer check (no_data_seconds >= 0),
    enabled         boolean not null default true,
    version         bigint not null default 1,
    updated_at      timestamptz not null default now(),
    updated_by      text not null
);

-- What an evaluation leaves for the next one.
create table alert_watch (
    rule_id        uuid primary key references alert_rule,
    since          timestamptz not null,
    breaking_since timestamptz,
    evaluated_at   timestamptz not null
);

-- One row a version; the newest one is valid for ever. Measurements change it in place, everything else adds a version.
create table alert (
    id              uuid not null,
    version         bigint not null,
    valid_from      timestamptz not null,
    valid_to        timestamptz not null default 'infinity',
    rule_id         uuid not null references alert_rule,
    cause           text not null check (cause in ('breached', 'no_data')),
    figure          text not null,
    title           text not null,
    severity        text not null check (severity in ('P1', 'P2', 'P3', 'P4')),
    state           text not null check (state in ('active', 'acknowledged', 'cleared')),
    condition       text not null check (condition in ('breached', 'no_data', 'normal')),
    raised_at       timestamptz not null,
    comparison      text not null check (comparison in ('above', 'below')),
    "limit"         double precision not null,
    value           double precision,
    worst_value     double precision,
    evaluated_at    timestamptz not null,
    returned_at     timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    comment         text,
    cleared_at      timestamptz,
    shelved_until   timestamptz,
    shelved_by      text,
    shelve_reason   text,
    guidance        text not null,
    runbook_url     text not null,
    primary key (id, version),
    check (state = 'active' or acknowledged_at is not null),
    check ((state = 'cleared') = (cleared_at is not null)),
    check ((shelved_until is null) = (shelve_reason is null))
);
create unique index alert_newest on alert (id) where valid_to = 'infinity';
-- At most one open alert for each rule and cause, whoever evaluates.
create unique index alert_one_open on alert (rule_id, cause) where valid_to = 'infinity' and state <> 'cleared';
-- What was open at an instant: the versions that ended after it, few of which did not begin before it.
create index alert_open_until on alert (valid_to) where state <> 'cleared';
create index alert_listed on alert (raised_at desc, id desc);

grant select, insert, update on alert_rule, alert_watch, alert to opsconsole_app;
