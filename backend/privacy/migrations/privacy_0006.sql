create table privacy_package (
    request_id   uuid primary key references privacy_request,
    -- An age file: opened with the passphrase alone.
    content      bytea not null,
    sha256       text not null,
    rows         bigint not null,
    redacted     bigint not null,
    -- The address and the passphrase, under the key of the request; they are told by different ways.
    link         bytea not null,
    passphrase   bytea not null,
    token_hash   bytea not null unique,
    released_at  timestamptz not null default clock_timestamp(),
    released_by  text not null,
    expires_at   timestamptz not null
);

create table privacy_download (
    request_id uuid not null references privacy_request,
    at         timestamptz not null default clock_timestamp(),
    -- When the link has ended, or is none of ours any more, that is written down as well.
    refused    boolean not null,
    primary key (request_id, at)
);

create table privacy_redaction (
    node_id     uuid not null references privacy_node,
    row         integer not null,
    field       text not null,
    redacted_by text not null,
    redacted_at timestamptz not null default clock_timestamp(),
    primary key (node_id, row, field)
);

grant select, insert, update, delete on privacy_package to opsconsole_app;
grant select, insert on privacy_download, privacy_redaction to opsconsole_app;
