-- What is to be put on a list once somebody else agrees. The approval names it by id only: it and the log are kept for
-- ever, and hold nothing personal.
create table risk_list_request (
    id       uuid primary key default uuidv7(),
    list_id  text not null references risk_list,
    value    text not null,
    reason   text not null,
    until    timestamptz,
    asked_by text not null,
    asked_at timestamptz not null default clock_timestamp()
);
create unique index on risk_list_request (list_id, value);
grant select, insert, update, delete on risk_list_request to opsconsole_app;
