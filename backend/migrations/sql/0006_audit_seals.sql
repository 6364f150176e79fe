-- Labels as they were, search by position, and seals: Merkle nodes and signed checkpoints over positions.

-- The search columns of a long log are filled once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';

alter table audit_log
    add column actor_label    text,
    add column resource_label text,
    add column correlation_id text;

-- Searches go by position, over copies the relay makes: no writer pays for their indexes.
drop index audit_log_resource;

alter table audit_position
    add column id             uuid,
    add column at             timestamptz,
    add column actor          text,
    add column action         text,
    add column resource_type  text,
    add column resource_id    text,
    add column correlation_id text;
update audit_position as p
   set id = l.id, at = l.at, actor = l.actor, action = l.action, resource_type = l.resource_type,
       resource_id = l.resource_id
  from audit_log as l
 where l.seq = p.seq;
alter table audit_position
    alter column id set not null,
    alter column at set not null,
    alter column actor set not null,
    alter column action set not null,
    alter column resource_type set not null,
    alter column resource_id set not null;
create index audit_position_id on audit_position (id);
create index audit_position_at on audit_position (at, position);
create index audit_position_kind on audit_position (action, resource_type, position);
create index audit_position_actor on audit_position (actor, action, resource_type, position);
create index audit_position_resource on audit_position (resource_id, position);
create index audit_position_correlation on audit_position (correlation_id, position) where correlation_id is not null;

-- Positions are in commit order, instants are not: a row may be older than rows before it, by at most ``disorder``.
alter table audit_relay
    add column newest_at timestamptz not null default '-infinity',
    add column disorder  interval not null default '0';
update audit_relay
   set newest_at = coalesce((select max(at) from audit_position), '-infinity'),
       disorder = coalesce((select max(high - at)
                              from (select at, max(at) over (order by position) as high from audit_position) as a), '0');

-- Names the tree in its checkpoints; stays with the log wherever it is restored.
create table audit_origin (
    only_row boolean primary key default true check (only_row),
    id       uuid not null default gen_random_uuid()
);
insert into audit_origin default values;

-- RFC 6962: level 0 holds the leaf of position idx + 1; only complete subtrees are kept.
create table audit_node (
    level smallint not null,
    idx   bigint not null,
    hash  bytea not null,
    primary key (level, idx)
);

create table audit_checkpoint (
    size bigint primary key,
    at   timestamptz not null,
    root bytea not null,
    note text not null,
    vkey text not null
);

-- How far checkpoints are kept outside the database; told by the worker, which alone can see the place.
create table audit_outside (
    only_row     boolean primary key default true check (only_row),
    kind         text not null,
    through_size bigint not null,
    problem      text,
    at           timestamptz not null default now()
);

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% only grows', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_position_append_only before update or delete or truncate on audit_position
    for each statement execute function audit_refuse();
create trigger audit_node_append_only before update or delete or truncate on audit_node
    for each statement execute function audit_refuse();
create trigger audit_checkpoint_append_only before update or delete or truncate on audit_checkpoint
    for each statement execute function audit_refuse();
create trigger audit_origin_fixed before insert or update or delete or truncate on audit_origin
    for each statement execute function audit_refuse();

grant select, insert on audit_node, audit_checkpoint to opsconsole_app;
grant select on audit_origin to opsconsole_app;
grant select, insert, update on audit_outside to opsconsole_app;
