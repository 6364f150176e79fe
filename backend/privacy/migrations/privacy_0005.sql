-- What of the ledger outside was carried out here. A restored database knows fewer than the ledger: they are replayed.
create table erasure_applied (
    entry_id   uuid primary key,
    person_id  uuid not null,
    at         timestamptz not null,
    applied_at timestamptz not null default clock_timestamp(),
    rows       bigint not null,
    complete   boolean not null
);

-- Names nobody: it is handed out, and outlives the person's key.
create table erasure_certificate (
    request_id uuid primary key references privacy_request,
    run_id     uuid not null references privacy_run,
    text       text not null,
    vkey       text not null,
    issued_at  timestamptz not null default clock_timestamp()
);

grant select, insert, update on erasure_applied to opsconsole_app;
grant select, insert on erasure_certificate to opsconsole_app;
