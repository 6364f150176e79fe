create table privacy_run (
    id         uuid primary key default uuidv7(),
    request_id uuid not null references privacy_request,
    begun_at   timestamptz not null default clock_timestamp(),
    ended_at   timestamptz
);
-- Two runs of one request cannot be.
create unique index privacy_run_one on privacy_run (request_id) where ended_at is null;
create index privacy_run_newest on privacy_run (request_id, begun_at desc);

create table privacy_node (
    id            uuid primary key default uuidv7(),
    run_id        uuid not null references privacy_run,
    position      integer not null,
    name          text not null,
    title         text not null,
    needs         text[] not null default '{}',
    state         text not null check (state in ('waiting', 'running', 'done', 'skipped', 'dead', 'manual')),
    -- Who holds this advisory lock on a connection of its own is at it, and nobody else: a clock could end a slow one.
    lock          integer not null generated always as identity,
    -- Counts claims: an owner whose connection was lost changes nothing any more.
    fence         bigint not null default 0,
    attempts      integer not null default 0,
    next_at       timestamptz not null default clock_timestamp(),
    cursor        jsonb,
    rows          bigint not null default 0,
    kept          jsonb not null default '{}',
    problem       text not null default '',
    step_at       timestamptz,
    ended_at      timestamptz,
    ended_by      text,
    words         bytea,
    skip_asked_by text,
    skipped_by    text,
    version       bigint not null default 1,
    unique (run_id, name),
    check (state <> 'skipped' or (words is not null and skip_asked_by is not null and skipped_by is not null
                                  and skip_asked_by <> skipped_by))
);
create index privacy_node_open on privacy_node (next_at) where state in ('waiting', 'running');

create table privacy_attempt (
    node_id  uuid not null references privacy_node,
    number   integer not null,
    begun_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    problem  text not null default '',
    primary key (node_id, number)
);

-- What an access request gathers, under the key of the request; gone once it is packed and fetched.
create table privacy_export (
    node_id uuid not null references privacy_node,
    part    integer not null,
    sealed  bytea not null,
    primary key (node_id, part)
);

create table privacy_switch (
    one       boolean primary key default true check (one),
    paused_by text,
    paused_at timestamptz,
    version   bigint not null default 1
);
insert into privacy_switch default values;

grant select, insert, update on privacy_run, privacy_node, privacy_attempt to opsconsole_app;
grant select, insert, delete on privacy_export to opsconsole_app;
grant select, update on privacy_switch to opsconsole_app;
