-- A NOTIFY in a transaction makes commits wait for each other; our workers poll instead.
drop trigger procrastinate_jobs_notify_queue_job_inserted_v1 on procrastinate_jobs;
drop trigger procrastinate_jobs_notify_queue_job_aborted_v1 on procrastinate_jobs;

do $$
declare
    item record;
begin
    for item in select tablename from pg_tables where schemaname = 'public' and tablename like 'procrastinate\_%' loop
        execute format('grant select, insert, update, delete on %I to opsconsole_app', item.tablename);
    end loop;
    for item in select sequencename from pg_sequences where schemaname = 'public' and sequencename like 'procrastinate\_%' loop
        execute format('grant usage on sequence %I to opsconsole_app', item.sequencename);
    end loop;
end
$$;
