-- Which properties were taken out of the events of a day, so that each is looked at once, and by one worker.
create table event_value_forgotten (
    day        date not null,
    event_name text not null,
    version    int not null,
    property   text not null,
    primary key (day, event_name, version, property)
);
grant select, insert, delete on event_value_forgotten to opsconsole_app;
grant update (body) on event to opsconsole_app;
