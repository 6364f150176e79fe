-- Outside systems, what is sent to them and what they send. The audit log is the outbox: nothing stands here for an
-- entry before it was tried.

create table connection (
    id            uuid primary key default uuidv7(),
    name          text not null,
    kind          text not null,
    settings      jsonb not null,
    subscriptions text[] not null default '{}',
    -- The same for LIKE.
    patterns      text[] not null default '{}',
    rate          double precision,
    -- The setting it is made from at each start, such as shop_webhook.
    seed          text unique,
    -- Whether it has all it needs; what is not ready is off.
    ready         boolean not null default false,
    paused_by     text,
    paused_until  timestamptz,
    pause_reason  text not null default '',
    version       bigint not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    updated_by    text not null
);
create unique index connection_name on connection (lower(name));

-- Sealed with a key that is not in the database, or a reference to where it is read. What signs or opens requests of
-- ours is apart from what the other side signs its own with.
create table connection_secret (
    connection_id      uuid not null references connection,
    purpose            text not null check (purpose in ('send', 'receive')),
    sealed             bytea,
    reference          text not null default '',
    last_four          text not null default '',
    fingerprint        text not null default '',
    set_at             timestamptz not null default now(),
    set_by             text not null,
    expires_at         timestamptz,
    previous_sealed    bytea,
    previous_reference text not null default '',
    previous_until     timestamptz,
    primary key (connection_id, purpose)
);

-- How it does: written by senders, on change only. Apart from what people change, and short, for it changes in place.
create table connection_health (
    connection_id  uuid primary key references connection,
    -- misconfigured or disabled: sending has stopped.
    stopped        text check (stopped in ('misconfigured', 'disabled')),
    problem        text not null default '',
    problem_at     timestamptz,
    failures       integer not null default 0,
    opened_until   timestamptz,
    probes         integer not null default 0,
    probe_by       uuid,
    probe_until    timestamptz,
    last_success_at timestamptz,
    p95_seconds    double precision,
    proof          text not null default 'never' check (proof in ('never', 'proven', 'failed')),
    proof_words    text not null default '',
    proof_seconds  double precision,
    proven_at      timestamptz,
    proof_tried_at timestamptz,
    canary_due_at  timestamptz not null default '-infinity',
    -- Somebody wants to see the next one arrive.
    test_asked     boolean not null default false,
    -- What an alert was raised about, so that it is raised and taken back once.
    alarmed        text not null default ''
) with (fillfactor = 50);

-- Attempts by the hour; senders add to it every few seconds.
create table connection_hour (
    connection_id uuid not null references connection,
    begins_at     timestamptz not null,
    sent          bigint not null default 0,
    retried       bigint not null default 0,
    dead          bigint not null default 0,
    primary key (connection_id, begins_at)
) with (fillfactor = 50);

-- Where a sender stands. Entries of the log behind the cursor are the backlog; a lane is held by one sender at a time.
create table lane (
    id            bigint generated always as identity primary key,
    connection_id uuid not null references connection,
    source        text not null check (source in ('log', 'commands')),
    cursor        bigint not null default 0,
    due_at        timestamptz not null default '-infinity',
    held_by       uuid,
    held_until    timestamptz not null default '-infinity',
    unique (connection_id, source)
) with (fillfactor = 20);

-- What became of an entry in a lane. The key is the guarantee that none is worked on twice.
create table delivery (
    lane_id  bigint not null references lane,
    position bigint not null,
    state    text not null check (state in ('waiting', 'sent', 'dead', 'discarded')),
    attempts integer not null,
    first_at timestamptz not null,
    due_at   timestamptz,
    ended_at timestamptz,
    status   integer,
    seconds  real,
    words    text,
    -- The last request and its answer, secrets masked; and each try. Only of what is not sent at the first.
    exchange jsonb,
    history  jsonb,
    primary key (lane_id, position)
);
create index delivery_due on delivery (lane_id, due_at) where state = 'waiting';
create index delivery_dead on delivery (ended_at, lane_id, position) where state in ('dead', 'discarded');

-- Words for people. The audit log points at a notice; what it says can be erased.
create table notice (
    id          uuid primary key default uuidv7(),
    team        text not null,
    severity    text not null,
    template    text not null,
    values      jsonb,
    thread      text not null,
    phase       text not null,
    actions     text[] not null default '{}',
    recipients  text[] not null default '{}',
    connections uuid[] not null default '{}',
    daily       uuid[] not null default '{}',
    created_at  timestamptz not null default now(),
    erased_at   timestamptz
);
create index notice_daily on notice (created_at) where daily <> '{}';
create index notice_thread on notice (thread, created_at);

-- Whether an entry of the log goes to a connection: by its action, and a notice by who was to hear of it.
create function is_for_connection(connection_id uuid, patterns text[], action text, resource_id text)
    returns boolean language sql stable
    return case when action = 'deliveries.notice.written'
                then exists (select from notice as n
                              where n.id = resource_id::uuid and connection_id = any (n.connections))
                else action like any (patterns) end;

-- What a channel wants to know when it comes to the same thread again, such as the message it edits in place.
create table connection_thread (
    connection_id uuid not null references connection,
    thread        text not null,
    remembered    jsonb not null,
    updated_at    timestamptz not null default now(),
    primary key (connection_id, thread)
);

-- What the shop is asked to do. An attempt is written down before it is made.
create table shop_command (
    id            uuid primary key default uuidv7(),
    name          text not null,
    about         text not null,
    data          jsonb not null,
    -- The job that hears of the end, with the command's id.
    reply_task    text,
    connection_id uuid references connection,
    state         text not null default 'waiting'
                  check (state in ('waiting', 'asking', 'done', 'dead', 'uncertain', 'withdrawn', 'discarded')),
    attempts      integer not null default 0,
    -- Of those, and of tries while the connection failed: how many the shop may have heard. While it is 0, it knows
    -- nothing and the command can be withdrawn.
    reached       integer not null default 0,
    lost          boolean not null default false,
    created_at    timestamptz not null default now(),
    due_at        timestamptz not null default now(),
    first_at      timestamptz,
    ended_at      timestamptz,
    status        integer,
    seconds       real,
    words         text not null default '',
    exchange      jsonb,
    history       jsonb not null default '[]'
);
create index shop_command_due on shop_command (due_at) where state in ('waiting', 'asking');
create index shop_command_ended on shop_command (ended_at, id) where state in ('dead', 'uncertain', 'discarded');

create table route (
    team          text not null,
    severity      text not null,
    connection_id uuid not null references connection,
    mode          text not null check (mode in ('at_once', 'daily')),
    primary key (team, severity, connection_id)
);
create table route_map (
    only_row   boolean primary key default true check (only_row),
    version    bigint not null default 1,
    updated_at timestamptz not null default now(),
    updated_by text not null,
    -- When the last daily messages were written.
    digested_at timestamptz not null default now()
);
insert into route_map (updated_by) values ('system:worker');

-- Every version of a text that was changed; the newest holds, and before there is one the text of the program.
create table message_template (
    name       text not null,
    -- Empty: of every kind without a text of its own.
    kind       text not null default '',
    version    bigint not null,
    subject    text not null,
    text       text not null,
    updated_at timestamptz not null default now(),
    updated_by text not null,
    primary key (name, kind, version)
);

create table contact_method (
    id          uuid primary key default uuidv7(),
    user_id     text not null,
    address     text not null,
    code_hash   bytea,
    code_until  timestamptz,
    code_tries  integer not null default 0,
    verified_at timestamptz,
    version     bigint not null default 1,
    created_at  timestamptz not null default now(),
    unique (user_id, address)
);

-- What outside systems sent: kept once by their own id, worked on later.
create table hook_delivery (
    id            uuid primary key default uuidv7(),
    connection_id uuid not null references connection,
    provider_id   text not null,
    type          text not null,
    data          jsonb not null,
    received_at   timestamptz not null default now(),
    worked_at     timestamptz,
    words         text not null default '',
    unique (connection_id, provider_id)
);

grant select, insert, update on connection, connection_secret, connection_health, connection_hour, lane, delivery, notice,
    connection_thread, shop_command, route, message_template, contact_method, hook_delivery to opsconsole_app;
grant delete on connection_secret, connection_hour, delivery, connection_thread, route, contact_method, hook_delivery to opsconsole_app;
grant select, update on route_map to opsconsole_app;
