-- Off until somebody has seen what it would remove.
create table privacy_retention (
    name        text primary key,
    enabled     boolean not null,
    changed_at  timestamptz not null default clock_timestamp(),
    changed_by  text not null,
    last_run_at timestamptz,
    last_rows   bigint not null default 0,
    version     bigint not null default 1
);

grant select, insert, update on privacy_retention to opsconsole_app;
grant select, delete on data_key, procrastinate_jobs to opsconsole_eraser;
grant select, insert on data_key_end to opsconsole_eraser;
grant select on privacy_request, procrastinate_events to opsconsole_eraser;
-- The triggers of jobs run in the name of whoever deletes one.
grant select, update on procrastinate_periodic_defers to opsconsole_eraser;
