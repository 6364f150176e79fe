-- Whom a snooze is for that waits for somebody's yes. The approval itself, which the log keeps for good, shows it hidden.

create table risk_snooze_request (
    id       uuid primary key default uuidv7(),
    rule_id  text not null,
    subject  text not null,
    value    text not null,
    until    timestamptz not null,
    reason   text not null,
    asked_by text not null,
    asked_at timestamptz not null default clock_timestamp()
);
create unique index on risk_snooze_request (rule_id, subject, value);
grant select, insert, update, delete on risk_snooze_request to opsconsole_app;
