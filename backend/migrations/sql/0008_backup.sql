-- Backups that were made or failed, and since when they are watched.

create table backup_run (
    id          uuid primary key default uuidv7(),
    started_at  timestamptz not null,
    finished_at timestamptz not null,
    scheduled   boolean not null,
    file        text not null default '',
    bytes       bigint check (bytes >= 0),
    sha256      text,
    state       text not null check (state in ('ok', 'untested', 'failed')),
    tested_at   timestamptz,
    detail      text not null default '',
    rows        jsonb not null default '{}',
    check (state <> 'ok' or tested_at is not null),
    check (state = 'failed' or sha256 is not null)
);
create index backup_run_listed on backup_run (started_at desc, id desc);

create table backup_watch (
    only_row        boolean primary key default true check (only_row),
    expected_since  timestamptz not null default now(),
    listening_since timestamptz not null default now(),
    seen_at         timestamptz not null default now()
);
insert into backup_watch default values;

grant select, insert, update on backup_run to opsconsole_app;
grant select, update on backup_watch to opsconsole_app;
