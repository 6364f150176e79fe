-- Alerts that no figure rule raises, but a part of the system (source) about one thing (key).

alter table alert
    alter column rule_id drop not null,
    alter column figure drop not null,
    alter column comparison drop not null,
    alter column "limit" drop not null,
    add column source text,
    add column key text,
    add constraint alert_has_one_origin check (
        case when source is null
             then rule_id is not null and figure is not null and comparison is not null and "limit" is not null
                  and key is null
             else rule_id is null and figure is null and comparison is null and "limit" is null and value is null
                  and worst_value is null and key is not null and cause = 'breached'
        end);
-- At most one open alert for each source and key, whoever raises it.
create unique index alert_one_open_condition on alert (source, key)
    where source is not null and valid_to = 'infinity' and state <> 'cleared';
