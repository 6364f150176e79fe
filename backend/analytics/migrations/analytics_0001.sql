-- The plan as a whole. Who changes a state takes the next version and holds the row: versions have no gaps and one order.
create table tracking_plan (
    one     boolean primary key default true check (one),
    version bigint not null default 0,
    -- Counts every change of what events are judged by, modes included: what stands in memory is compared with it.
    stamp   bigint not null default 0
);
insert into tracking_plan default values;

create table event_schema (
    event_name            text not null,
    -- Names that differ only in case or Unicode form are one event.
    event_key             text not null,
    version               int not null check (version > 0),
    state                 text not null default 'draft'
                          check (state in ('draft', 'observed', 'enforced', 'deprecated', 'retired')),
    description           text not null,
    owners                text[] not null,
    properties            jsonb not null,
    additional_properties boolean not null,
    definitions           jsonb not null default '{}',
    -- What of the dashboard such events are rows of.
    feed                  jsonb,
    deprecated_until      timestamptz,
    revision              bigint not null default 1,
    created_by            text not null,
    created_at            timestamptz not null default now(),
    published_by          text,
    published_at          timestamptz,
    primary key (event_name, version),
    unique (event_key, version)
);
-- Of one event one version at a time is being written, and one is enforced.
create unique index event_schema_draft on event_schema (event_name) where state = 'draft';
create unique index event_schema_enforced on event_schema (event_name) where state = 'enforced';

-- What was published says the same for ever.
create function event_schema_refuse() returns trigger language plpgsql as $$
begin
    if old.state <> 'draft'
       and (old.event_name, old.version, old.description, old.properties, old.additional_properties, old.definitions, old.feed)
           is distinct from
           (new.event_name, new.version, new.description, new.properties, new.additional_properties, new.definitions, new.feed)
    then
        raise exception 'a published version of an event is never changed' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger event_schema_immutable before update on event_schema
    for each row execute function event_schema_refuse();

create table event_schema_state (
    plan_version bigint primary key,
    event_name   text not null,
    version      int not null,
    state        text not null,
    until        timestamptz,
    at           timestamptz not null default now(),
    actor        text not null,
    foreign key (event_name, version) references event_schema
);
create index event_schema_state_of on event_schema_state (event_name, version, plan_version desc);

create table event_mode (
    event_name  text not null,
    environment text not null,
    mode        text not null check (mode in ('observe', 'omit', 'quarantine', 'reject')),
    version     bigint not null default 1,
    updated_by  text not null,
    updated_at  timestamptz not null default now(),
    primary key (event_name, environment)
);

-- By the day they came in: retention drops a day as a whole. The text is kept as it came, without space between.
create table event (
    id           uuid not null,
    received_day date not null,
    received_at  timestamptz not null,
    occurred_at  timestamptz,
    kind         text not null,
    event_name   text not null,
    version      int,
    producer     text not null,
    app_version  text not null,
    verdict      text not null,
    -- Where it may go, as decided when it came in.
    destinations text[] not null default '{}',
    body         text not null
) partition by range (received_day);
create index event_of on event (event_name, received_at);
create index event_newest on event (received_at desc);

-- Each id once, across all days: an index of a partitioned table holds within a day only. md5 of messageId, of the body.
create table event_id (
    id   uuid primary key,
    hash uuid not null,
    day  date not null
);
create index event_id_day on event_id (day);

create table event_quarantine (
    id             uuid primary key,
    received_at    timestamptz not null default now(),
    occurred_at    timestamptz,
    kind           text not null,
    event_name     text not null,
    schema_version int,
    class          text not null,
    pointer        text not null,
    rule           text not null,
    producer       text not null,
    app_version    text not null,
    environment    text not null,
    -- The whole event, sealed.
    body           bytea not null
);
create index event_quarantine_cause on event_quarantine (event_name, class, pointer, received_at);
create index event_quarantine_age on event_quarantine (received_at);

-- By the hour. A row for each of some writers, so that they do not wait for each other; their sum is the figure.
create table event_count (
    hour        timestamptz not null,
    event_name  text not null,
    version     int not null,
    producer    text not null,
    app_version text not null,
    verdict     text not null,
    shard       int not null,
    count       bigint not null,
    primary key (event_name, hour, version, producer, app_version, verdict, shard)
);
create index event_count_hour on event_count (hour);

-- One mistake: what all of its violations have in common. How often and when is beside it, for the same reason.
create table violation_group (
    id             uuid primary key default uuidv7(),
    event_name     text not null,
    class          text not null,
    pointer        text not null,
    schema_version int not null,
    producer       text not null,
    app_version    text not null,
    environment    text not null,
    rule           text not null,
    nearest        text,
    first_seen     timestamptz not null,
    assigned_to    text,
    muted_until    timestamptz,
    -- What is seen after it was said to be fixed is open again.
    fixed_at       timestamptz,
    version        bigint not null default 1,
    unique (event_name, class, pointer, schema_version, producer, app_version, environment)
);

create table violation_day (
    group_id  uuid not null references violation_group on delete cascade,
    day       date not null,
    shard     int not null,
    count     bigint not null,
    last_seen timestamptz not null,
    primary key (group_id, day, shard)
);
create index violation_day_day on violation_day (day);

create view violation_seen as
select g.id, g.event_name, g.class, g.pointer, nullif(g.schema_version, 0) as schema_version, g.rule, g.nearest,
       g.producer, g.app_version, g.environment, d.count, g.first_seen, d.last_seen, g.assigned_to, g.muted_until,
       case when g.fixed_at >= d.last_seen then 'fixed' when g.muted_until > now() then 'muted' else 'open' end as state,
       g.version
  from violation_group as g
  join lateral (select sum(count)::bigint as count, max(last_seen) as last_seen
                  from violation_day as d where d.group_id = g.id) as d on d.count > 0;

-- The application makes and drops days, and nothing else: each by a function of the owner.
create function event_partition(day date) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    name text := 'event_' || to_char(day, 'YYYYMMDD');
begin
    perform pg_advisory_xact_lock(hashtext('event_partition'));
    if to_regclass('public.' || name) is not null then
        return false;
    end if;
    -- Attached afterwards: made as a partition, it would wait for everybody who reads events.
    execute format('create table public.%I (like public.event including indexes)', name);
    execute format('alter table public.event attach partition public.%I for values from (%L) to (%L)',
                   name, day, day + 1);
    return true;
end $$;

create function event_partition_drop(day date) returns bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    name text := 'event_' || to_char(day, 'YYYYMMDD');
    rows bigint;
begin
    if to_regclass('public.' || name) is null then
        return null;
    end if;
    execute format('select count(*) from public.%I', name) into rows;
    execute format('drop table public.%I', name);
    return rows;
end $$;

create view event_partition_day as
select to_date(substring(c.relname from 7), 'YYYYMMDD') as day
  from pg_inherits as i
  join pg_class as c on c.oid = i.inhrelid
 where i.inhparent = 'event'::regclass;

revoke execute on function event_partition(date), event_partition_drop(date) from public;
grant execute on function event_partition(date), event_partition_drop(date) to opsconsole_app;

grant select, update on tracking_plan to opsconsole_app;
grant select, insert, update on event_schema to opsconsole_app;
grant delete on event_schema to opsconsole_app;
grant select, insert on event_schema_state to opsconsole_app;
grant select, insert, update on event_mode to opsconsole_app;
grant select, insert on event to opsconsole_app;
grant select, insert, delete on event_id to opsconsole_app;
grant select, insert, update, delete on event_quarantine to opsconsole_app;
grant select, insert, update, delete on event_count to opsconsole_app;
grant select, insert, update, delete on violation_group to opsconsole_app;
grant select, insert, update, delete on violation_day to opsconsole_app;
grant select on event_partition_day, violation_seen to opsconsole_app;

-- Past events judged by a draft.
create table event_radius (
    id             uuid primary key default uuidv7(),
    event_name     text not null,
    schema_version int not null,
    revision       bigint not null,
    days           int not null,
    state          text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    progress       double precision not null default 0,
    problem        text not null default '',
    result         jsonb,
    asked_by       text not null,
    asked_at       timestamptz not null default now(),
    beat_at        timestamptz not null default now(),
    ended_at       timestamptz,
    attempts       int not null default 0,
    version        bigint not null default 1
);
create index event_radius_of on event_radius (event_name, schema_version, asked_at desc);
create index event_radius_newest on event_radius (asked_at desc, id desc);
grant select, insert, update, delete on event_radius to opsconsole_app;

-- Up to where the audit log has become events of our own.
create table own_event_cursor (
    one      boolean primary key default true check (one),
    position bigint not null default 0
);
insert into own_event_cursor default values;
create table dashboard_view (
    user_id text not null,
    hour    timestamptz not null,
    primary key (user_id, hour)
);
grant select, update on own_event_cursor to opsconsole_app;
grant select, insert, delete on dashboard_view to opsconsole_app;
