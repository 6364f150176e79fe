-- Secrets from before, each until its own end: a rotation within the overlap of another drops none.
create table connection_secret_previous (
    id            bigint generated always as identity primary key,
    connection_id uuid not null,
    purpose       text not null,
    sealed        bytea,
    reference     text not null default '',
    valid_until   timestamptz not null,
    foreign key (connection_id, purpose) references connection_secret on delete cascade
);
create index connection_secret_previous_of on connection_secret_previous (connection_id, purpose);

insert into connection_secret_previous (connection_id, purpose, sealed, reference, valid_until)
select connection_id, purpose, previous_sealed, previous_reference, previous_until
  from connection_secret where previous_until > now();

alter table connection_secret
    drop column previous_sealed,
    drop column previous_reference,
    drop column previous_until;

-- A removed connection stays for the letters that name it. Its name and its setting are free again.
alter table connection
    add column removed_at timestamptz,
    -- Of one that needs no secret: the others are off while theirs is missing.
    add column switched_off boolean not null default false,
    -- The address the program gave it last: another one is an operator's.
    add column seeded_url text;
drop index connection_name;
create unique index connection_name on connection (lower(name)) where removed_at is null;
alter table connection drop constraint connection_seed_key;
create unique index connection_seed on connection (seed) where removed_at is null;

-- What kind of fault the problem is: the advice follows from it.
alter table connection_health add column fault text not null default '';

-- Who gave a letter up, when and why; by the id under which letters are read, for they stand in three tables.
create table discarded_letter (
    letter_id    text primary key,
    reason       text not null,
    discarded_by text not null,
    discarded_at timestamptz not null default now()
);

grant select, insert, update, delete on connection_secret_previous to opsconsole_app;
grant select, insert, update on discarded_letter to opsconsole_app;
