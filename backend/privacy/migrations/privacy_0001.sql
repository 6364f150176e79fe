-- Who erases may change what nobody else may. Nobody logs in as it: a transaction of a node takes it up for its length.
do $$
begin
    if not exists (select from pg_roles where rolname = 'opsconsole_eraser') then
        create role opsconsole_eraser nologin;
    end if;
    if not pg_has_role('opsconsole_app', 'opsconsole_eraser', 'set') then
        grant opsconsole_eraser to opsconsole_app with inherit false, set true;
    end if;
end
$$;
grant usage on schema public to opsconsole_eraser;

create table person (
    id         uuid primary key default uuidv7(),
    created_at timestamptz not null default now(),
    erased_at  timestamptz
);

-- Of persons, requests, certificates and holds. Alone in its table, so that a dump leaves it out. Nothing indexes
-- wrapped: a vacuum removes the bytes of a key that was destroyed.
create table data_key (
    owner_id   uuid primary key,
    purpose    text not null check (purpose in ('person', 'request', 'certificate', 'hold')),
    kek        text not null,
    wrapped    bytea not null,
    wrapped_at timestamptz not null default now()
);
create index data_key_kek on data_key (kek, owner_id);

create table data_key_end (
    owner_id uuid primary key,
    purpose  text not null,
    ended_at timestamptz not null default clock_timestamp()
);
create index data_key_end_newest on data_key_end (ended_at desc);

-- What a person is found by, without saying it: a keyed hash, and the identifier itself under the person's key.
create table person_index (
    kind      text not null,
    mac       bytea not null,
    person_id uuid not null references person,
    sealed    bytea not null,
    primary key (kind, mac)
);
create index person_index_of on person_index (person_id);

create table key_copy (
    made_at timestamptz primary key,
    file    text not null,
    keys    bigint not null
);

grant select, insert, update, delete on person, data_key, person_index to opsconsole_app;
grant select, insert on data_key_end to opsconsole_app;
grant select, insert, delete on key_copy to opsconsole_app;
