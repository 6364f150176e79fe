-- What of the process has not got through for a while, by its name.
alter table heartbeat add column stopped text[] not null default '{}';
