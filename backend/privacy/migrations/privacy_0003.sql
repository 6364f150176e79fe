-- How this shop reads the laws; counsel has to confirm it. Periods count from receipt, in their unit.
create table privacy_jurisdiction (
    code            text primary key,
    position        integer not null unique,
    title           text not null,
    law             text not null,
    zone            text not null,
    unit            text not null check (unit in ('months', 'days')),
    period          integer not null check (period > 0),
    extended        integer not null check (extended >= period),
    rolls           boolean not null,
    pauses          text[] not null,
    internal_days   integer not null check (internal_days > 0),
    weekend         integer[] not null,
    fixed_holidays  text[] not null,
    easter_holidays integer[] not null,
    updated_at      timestamptz not null default now(),
    updated_by      text not null default 'system:worker',
    version         bigint not null default 1
);
insert into privacy_jurisdiction (position, code, title, law, zone, unit, period, extended, rolls, pauses, internal_days,
                                  weekend, fixed_holidays, easter_holidays) values
    (1, 'gdpr', 'European Union, GDPR', 'GDPR Art. 12(3); Regulation (EEC) 1182/71', 'Europe/Berlin', 'months', 1, 3, true,
     '{identity,clarification}', 10, '{5,6}', '{01-01,05-01,10-03,12-25,12-26}', '{-2,1,39,50}'),
    (2, 'uk-gdpr', 'United Kingdom, UK GDPR', 'UK GDPR Art. 12(3), 12A', 'Europe/London', 'months', 1, 3, true,
     '{identity,clarification}', 10, '{5,6}', '{01-01,12-25,12-26}', '{-2,1}'),
    (3, 'ch-dsg', 'Switzerland, DSG', 'DSG Art. 25(7), DSV Art. 18', 'Europe/Zurich', 'days', 30, 60, true,
     '{identity}', 10, '{5,6}', '{01-01,08-01,12-25,12-26}', '{-2,1,39,50}'),
    (4, 'ccpa', 'California, CCPA', 'Cal. Civ. Code 1798.130(a)(2)', 'America/Los_Angeles', 'days', 45, 90, false,
     '{}', 15, '{5,6}', '{01-01,07-04,12-25}', '{}'),
    (5, 'lgpd', 'Brazil, LGPD', 'LGPD Art. 19 II', 'America/Sao_Paulo', 'days', 15, 15, false,
     '{}', 5, '{5,6}', '{01-01,05-01,12-25}', '{-2}'),
    (6, 'other', 'Elsewhere', 'our own promise', 'UTC', 'days', 30, 60, false,
     '{identity,clarification}', 10, '{5,6}', '{}', '{}');

create table privacy_request (
    id              uuid primary key default uuidv7(),
    number          bigint not null unique generated always as identity,
    type            text not null check (type in ('access', 'deletion', 'rectification', 'restriction')),
    state           text not null default 'identity',
    source          text not null,
    channel         text not null,
    jurisdiction    text not null references privacy_jurisdiction,
    received_at     timestamptz not null,
    -- The earliest receipt of this one and of those linked with it: what its clock runs from.
    clock_from      timestamptz not null,
    due_on          date not null,
    due_at          timestamptz not null,
    internal_at     timestamptz not null,
    extended_at     timestamptz,
    owner           text,
    person_id       uuid references person,
    canonical_id    uuid references privacy_request,
    verified_at     timestamptz,
    verified_by     text,
    verification    text,
    approved_at     timestamptz,
    approved_by     text,
    erases_at       timestamptz,
    blocked         text not null default '',
    reminded_at     timestamptz,
    -- Under the key of the request: it outlives the person's.
    claimed         bytea,
    words           bytea,
    evidence        bytea,
    closing         bytea,
    completed_at    timestamptz,
    created_at      timestamptz not null default now(),
    created_by      text not null,
    version         bigint not null default 1,
    -- Nothing is done for anybody who is not known to be who they say, whatever way the request took.
    constraint identity_is_known check (
        state in ('identity', 'duplicate', 'refused', 'withdrawn')
        or (verified_at is not null and verified_by is not null and verification is not null and person_id is not null)),
    check ((state = 'duplicate') = (canonical_id is not null)),
    check (canonical_id <> id),
    -- Who approves an erasure is not who recorded or verified it.
    check (approved_by is null or (approved_by <> verified_by))
);
create index privacy_request_due on privacy_request (due_at, id);
create index privacy_request_open on privacy_request (due_at, id)
    where state in ('identity', 'approval', 'waiting', 'running', 'review', 'ready');
create index privacy_request_newest on privacy_request (received_at desc, id desc);
create index privacy_request_of on privacy_request (person_id) where person_id is not null;
create index privacy_request_linked on privacy_request (canonical_id) where canonical_id is not null;

-- What somebody says identifies them, as keyed hashes: finds repeats before anybody is known to be anybody.
create table privacy_claim (
    request_id uuid not null references privacy_request,
    kind       text not null,
    mac        bytea not null,
    primary key (request_id, kind)
);
create index privacy_claim_of on privacy_claim (kind, mac);

create table privacy_pause (
    id         uuid primary key default uuidv7(),
    request_id uuid not null references privacy_request,
    reason     text not null,
    words      bytea,
    begun_at   timestamptz not null,
    begun_by   text not null,
    ended_at   timestamptz,
    ended_by   text,
    check (ended_at >= begun_at)
);
create unique index privacy_pause_open on privacy_pause (request_id) where ended_at is null;
create index privacy_pause_of on privacy_pause (request_id, begun_at);

create table privacy_extension (
    request_id uuid primary key references privacy_request,
    sent_at    timestamptz not null default clock_timestamp(),
    sent_by    text not null,
    reason     bytea not null,
    notice     bytea not null
);

grant select, update on privacy_jurisdiction to opsconsole_app;
grant select, insert, update on privacy_request, privacy_pause to opsconsole_app;
grant select, insert on privacy_extension, privacy_claim to opsconsole_app;
