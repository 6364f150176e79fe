-- Grants that need approval, break-glass and its reviews, second factors, what permissions are used for, outside access.

alter table role_definition
    add column description text not null default '',
    add column created_at timestamptz not null default now(),
    -- How many approvers a grant needs, from which roles (each of them must be represented), within how many hours.
    add column approvers integer not null default 0 check (approvers between 0 and 5),
    add column approver_roles text[] not null default '{}',
    add column approval_hours integer not null default 24 check (approval_hours between 1 and 168);
update role_definition set approvers = 1 where sensitive;
alter table role_definition add check (sensitive = (approvers > 0)), add check (cardinality(approver_roles) = 0 or sensitive);

alter table role_assignment
    add column reason text,
    add column approved_by text[] not null default '{}',
    add column break_glass boolean not null default false,
    add column revoke_reason text;
create index role_assignment_ending on role_assignment (expires_at) where revoked_at is null and expires_at is not null;
create index role_assignment_listed on role_assignment (granted_at desc, id desc);

-- Anything that waits for somebody else's yes. Kinds are declared by the domains; details is theirs.
create table approval (
    id           uuid primary key default uuidv7(),
    kind         text not null,
    title        text not null,
    subject_type text not null,
    subject_id   text not null,
    gainer       text,
    details      jsonb not null,
    reason       text not null,
    permission   text not null,
    needs        integer not null check (needs between 1 and 5),
    from_roles   text[] not null default '{}',
    requested_by text not null,
    requested_at timestamptz not null default now(),
    ends_at      timestamptz not null,
    state        text not null default 'pending' check (state in ('pending', 'approved', 'denied', 'expired', 'withdrawn')),
    decided_at   timestamptz,
    version      bigint not null default 1,
    check ((state = 'pending') = (decided_at is null))
);
-- The same thing is asked for once at a time.
create unique index approval_one_pending on approval (kind, subject_type, subject_id) where state = 'pending';
create index approval_listed on approval (requested_at desc, id desc);

create table approval_vote (
    approval_id uuid not null references approval,
    voter       text not null,
    verdict     text not null check (verdict in ('approve', 'deny')),
    reason      text not null,
    roles       text[] not null,
    voted_at    timestamptz not null default now(),
    primary key (approval_id, voter)
);

create table access_review (
    id            uuid primary key default uuidv7(),
    assignment_id uuid not null references role_assignment,
    opened_at     timestamptz not null default now(),
    closed_at     timestamptz,
    closed_by     text,
    findings      text,
    version       bigint not null default 1,
    check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (findings is null))
);
create index access_review_open on access_review (opened_at desc) where closed_at is null;

-- The secret is encrypted with a key derived from the one that signs sessions; unconfirmed until a code was right.
create table second_factor (
    user_id      text primary key references account,
    secret       bytea not null,
    confirmed_at timestamptz,
    last_step    bigint not null default 0,
    created_at   timestamptz not null default now()
);
create table recovery_code (
    user_id   text not null references account,
    code_hash bytea not null,
    used_at   timestamptz,
    primary key (user_id, code_hash)
);
-- Wrong codes are counted for the session that sends them: nobody can lock somebody else out.
create table second_factor_failure (
    family        uuid primary key,
    failures      integer not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null
);
alter table refresh_token add column acr text not null default '1';

-- Wrong passwords count for the address they come from, for the same reason.
drop table sign_in_failure;
create table sign_in_failure (
    account       text not null,
    address       text not null,
    failures      integer not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null,
    primary key (account, address)
);
create index sign_in_failure_address on sign_in_failure (address, last_at);

create table principal_seen (
    user_id   text primary key,
    name      text not null,
    kind      text not null check (kind in ('account', 'oidc')),
    last_seen timestamptz not null
);
create table permission_use (
    user_id    text not null,
    permission text not null,
    last_used  timestamptz not null,
    primary key (user_id, permission)
);

-- What people call somebody: an account here, a subject an issuer named, else the id as it is.
create function person_name(user_id text) returns text language sql stable parallel safe
    return case when user_id like 'system:%' then initcap(replace(substr(user_id, 8), '-', ' ')) else
           coalesce((select a.name from account as a where a.id = user_id),
                    (select p.name from principal_seen as p where p.user_id = person_name.user_id), user_id) end;

-- What outside systems say about who has access there, and where that differs from the assignments here.
create table access_report (
    system     text primary key,
    read_at    timestamptz not null,
    entries    bigint not null,
    problem    text
);
create table access_difference (
    id           uuid primary key default uuidv7(),
    system       text not null,
    user_id      text not null,
    outside_role text not null,
    role_id      text,
    kind         text not null check (kind in ('only_outside', 'only_here', 'unknown_role')),
    first_seen   timestamptz not null default now(),
    last_seen    timestamptz not null default now(),
    gone_at      timestamptz
);
create unique index access_difference_open on access_difference (system, user_id, outside_role, kind) where gone_at is null;

grant select, insert, update on approval, access_review, second_factor, access_report, access_difference, principal_seen,
    permission_use to opsconsole_app;
grant select, insert on approval_vote to opsconsole_app;
grant delete on second_factor to opsconsole_app;
grant select, insert, update, delete on recovery_code, second_factor_failure, sign_in_failure to opsconsole_app;
