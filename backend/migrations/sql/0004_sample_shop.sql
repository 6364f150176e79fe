-- Present only where the sample shop was created: how far it has traded. Its row is written last, with everything else.

create table sample_shop (
    only_row       boolean primary key default true check (only_row),
    opened_at      timestamptz not null,
    traded_through timestamptz not null,
    burst_at       timestamptz not null
);

grant select, insert, update on sample_shop to opsconsole_app;
-- Half a million new rows are planned badly until somebody has counted them.
grant maintain on orders, refunds, downloads, community_reading, rollup_hour, rollup_day to opsconsole_app;
