-- Each format of a report, made once when it was approved. The bytes lie sealed in the store of files.
create table tax_file (
    report_id uuid not null references tax_report,
    format    text not null,
    name      text not null,
    sha256    text not null,
    bytes     bigint not null,
    made_at   timestamptz not null default clock_timestamp(),
    primary key (report_id, format)
);

create table tax_delivery (
    report_id    uuid primary key references tax_report,
    state        text not null default 'waiting' check (state in ('waiting', 'delivered', 'acknowledged')),
    asked_by     text not null,
    asked_at     timestamptz not null default clock_timestamp(),
    attempts     int not null default 0,
    problem      text,
    delivered_at timestamptz
);
create index tax_delivery_open on tax_delivery (delivered_at) where state = 'delivered';

-- A link leads to one file for a day, whoever has it; each try is written down.
create table tax_link (
    token_hash bytea primary key,
    report_id  uuid not null,
    format     text not null,
    made_by    text not null,
    made_at    timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    foreign key (report_id, format) references tax_file
);

create table tax_download (
    report_id uuid not null,
    format    text not null,
    at        timestamptz not null default clock_timestamp(),
    by        text not null,
    refused   boolean not null default false
);
create index tax_download_listed on tax_download (report_id, at desc);

grant select, insert on tax_file, tax_download to opsconsole_app;
grant select, insert, update on tax_delivery to opsconsole_app;
grant select, insert, delete on tax_link to opsconsole_app;
