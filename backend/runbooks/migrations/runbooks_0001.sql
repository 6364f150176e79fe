create table runbook (
    id          uuid primary key default uuidv7(),
    slug        text not null unique,
    title       text not null,
    owner       text not null,
    review_by   date not null,
    alerts      text[] not null default '{}',
    services    text[] not null default '{}',
    text        text not null,
    steps       text[] not null,
    retired     boolean not null default false,
    reason      text not null default '',
    version     bigint not null default 1,
    updated_at  timestamptz not null default now(),
    updated_by  text not null,
    reminded_at timestamptz
);
create index runbook_by_title on runbook (title, id);
create index runbook_by_review on runbook (review_by) where not retired;

-- Every version there ever was, the newest included.
create table runbook_version (
    runbook_id uuid not null references runbook,
    version    bigint not null,
    title      text not null,
    owner      text not null,
    review_by  date not null,
    alerts     text[] not null,
    services   text[] not null,
    text       text not null,
    steps      text[] not null,
    retired    boolean not null,
    reason     text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (runbook_id, version)
);

-- incident_id is a reference in words: an incident may be one of another system.
create table runbook_run (
    id              uuid primary key default uuidv7(),
    runbook_id      uuid not null,
    runbook_version bigint not null,
    incident_id     text,
    started_at      timestamptz not null default clock_timestamp(),
    started_by      text not null,
    ended_at        timestamptz,
    ended_by        text,
    version         bigint not null default 1,
    foreign key (runbook_id, runbook_version) references runbook_version,
    check ((ended_at is null) = (ended_by is null))
);
create unique index runbook_run_open on runbook_run (runbook_id, coalesce(incident_id, '')) where ended_at is null;
create index runbook_run_newest on runbook_run (runbook_id, started_at desc, id desc);

create table runbook_mark (
    run_id  uuid not null references runbook_run,
    step    integer not null check (step > 0),
    done_at timestamptz not null default clock_timestamp(),
    done_by text not null,
    note    text not null,
    primary key (run_id, step)
);

-- What came with the program was put here once: changed or retired, it is left alone.
create table runbook_shipped (
    slug      text primary key,
    loaded_at timestamptz not null default now()
);

create table runbook_publication (
    target       text primary key,
    published_at timestamptz not null
);

grant select, insert, update on runbook, runbook_run, runbook_publication to opsconsole_app;
grant select, insert on runbook_version, runbook_shipped to opsconsole_app;
grant select, insert, update, delete on runbook_mark to opsconsole_app;
