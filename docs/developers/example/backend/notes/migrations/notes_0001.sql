create table note (
    id         uuid primary key default uuidv7(),
    text       text not null,
    links      text[] not null default '{}',
    written_by text not null,
    written_at timestamptz not null default now(),
    done_by    text,
    version    bigint not null default 1
);
create index note_open on note (written_at desc, id desc) where done_by is null;

grant select, insert, update on note to opsconsole_app;
