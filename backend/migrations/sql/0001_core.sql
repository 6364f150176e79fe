-- Who may do what, who did what, and what keeps requests from being done twice.

do $$
begin
    if not exists (select from pg_roles where rolname = 'opsconsole_app') then
        create role opsconsole_app nologin;
    end if;
    -- The owner may act as it: API and worker may log in as the owner and still work with its rights only.
    if not pg_has_role(current_user, 'opsconsole_app', 'set') then
        execute format('grant opsconsole_app to %I', current_user);
    end if;
end
$$;
grant usage on schema public to opsconsole_app;

create table role_definition (
    id          text primary key,
    name        text not null,
    permissions text[] not null,
    sensitive   boolean not null default false,
    service     boolean not null default false,
    built_in    boolean not null default false,
    version     bigint not null default 1,
    updated_at  timestamptz not null default now(),
    updated_by  text not null
);

create table account (
    id            text primary key,
    name          text not null,
    password_hash text,
    disabled_at   timestamptz,
    version       bigint not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

-- user_id is an account here or the subject of an outside issuer, so it has no foreign key.
create table role_assignment (
    id         uuid primary key default uuidv7(),
    user_id    text not null,
    role_id    text not null references role_definition,
    granted_at timestamptz not null default now(),
    granted_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    version    bigint not null default 1
);
create unique index role_assignment_current on role_assignment (user_id, role_id) where revoked_at is null;
create index role_assignment_role on role_assignment (role_id);

create table refresh_token (
    id         uuid primary key default uuidv7(),
    family     uuid not null,
    user_id    text not null,
    token_hash bytea not null unique,
    auth_time  timestamptz not null,
    issued_at  timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz,
    revoked_at timestamptz
);
create index refresh_token_family on refresh_token (family);
create index refresh_token_expires on refresh_token (expires_at);

-- Kept for unknown names too, so that the answer does not tell which names exist.
create table sign_in_failure (
    account       text primary key,
    failures      integer not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null
);

create table audit_log (
    seq           bigint generated always as identity primary key,
    id            uuid not null default uuidv7(),
    xid           xid8 not null default pg_current_xact_id(),
    at            timestamptz not null default clock_timestamp(),
    actor         text not null,
    action        text not null,
    resource_type text not null,
    resource_id   text not null,
    version       bigint,
    before        jsonb,
    after         jsonb,
    reason        text,
    request_id    text
);
create index audit_log_commit_order on audit_log (xid, seq);
create index audit_log_resource on audit_log (resource_type, resource_id, seq);

create function audit_log_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'audit_log only grows' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
    for each statement execute function audit_log_refuse();

-- Written by the relay in commit order. No foreign key and no index on seq: the relay is on every writer's path.
create table audit_position (
    position bigint primary key,
    seq      bigint not null
);

create table audit_relay (
    only_row  boolean primary key default true check (only_row),
    position  bigint not null,
    xid       xid8 not null,
    seq       bigint not null,
    seq_floor bigint not null,
    system_id bigint not null
);
insert into audit_relay (position, xid, seq, seq_floor, system_id)
select 0, '0', 0, 0, system_identifier from pg_control_system();

create table idempotency (
    principal   text not null,
    method      text not null,
    path        text not null,
    key         text not null,
    fingerprint bytea not null,
    status      integer not null,
    headers     jsonb not null,
    body        bytea not null,
    created_at  timestamptz not null default now(),
    primary key (principal, method, path, key)
);
create index idempotency_created on idempotency (created_at);

create table heartbeat (
    name text primary key,
    at   timestamptz not null
);

grant select, insert, update on role_definition, role_assignment, account to opsconsole_app;
grant select, insert, update, delete on refresh_token, sign_in_failure, idempotency, heartbeat to opsconsole_app;
grant select, insert on audit_log, audit_position to opsconsole_app;
grant select, update on audit_relay to opsconsole_app;
grant select on alembic_version to opsconsole_app;
