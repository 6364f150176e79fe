-- What the shop and the event pipelines send, and the rollups that make figures cheap. Money is in minor units.

-- Buckets are named by their inclusive end, to match windows that leave out their start and include their end.
-- date_bin on a fixed origin does not depend on the session's time zone, hence immutable.
create function hour_end(t timestamptz) returns timestamptz language sql immutable strict parallel safe
    return date_bin('1 hour', t + interval '59 minutes 59.999999 seconds', timestamptz '2000-01-01 00:00:00+00');
create function day_end(t timestamptz) returns timestamptz language sql immutable strict parallel safe
    return date_bin('24 hours', t + interval '23 hours 59 minutes 59.999999 seconds', timestamptz '2000-01-01 00:00:00+00');

-- An amount in the reporting currency; rounded half to even; null where the rate is missing or the result absurd.
create function converted(minor bigint, rate numeric, shift int) returns bigint language sql immutable parallel safe
    return (select case when x >= 1e13 then null when x - floor(x) = 0.5 then (2 * round(x / 2))::bigint else round(x)::bigint end
            from (select minor * rate * 10::numeric ^ shift as x) c);

-- The reporting currency of this database: chosen once, because stored amounts are converted into it.
create table reporting (
    only_row boolean primary key default true check (only_row),
    currency text not null check (currency ~ '^[A-Z]{3}$')
);

create table currency_rate (
    currency text not null,
    day      date not null,
    rate     numeric not null check (rate > 0),
    primary key (currency, day)
);

create table orders (
    id              text primary key,
    placed_at       timestamptz not null,
    settled_at      timestamptz check (settled_at >= placed_at),
    customer_id     text,
    country         text,
    currency        text not null,
    minor           bigint not null,
    reporting_minor bigint,
    updated_at      timestamptz,
    received_at     timestamptz not null default now()
);
create index orders_placed on orders (placed_at, id) include (reporting_minor);
create index orders_settled on orders (settled_at) where settled_at is not null;
-- Orders that were still open a week after they were placed: few, and all that "pending" has to look at one by one.
create index orders_long_open on orders (placed_at) include (settled_at)
    where settled_at is null or settled_at - placed_at > interval '7 days';
create index orders_unconverted on orders (placed_at) include (currency) where reporting_minor is null;

create table refunds (
    id              text primary key,
    order_id        text,
    refunded_at     timestamptz not null,
    country         text,
    currency        text not null,
    minor           bigint not null,
    reporting_minor bigint,
    updated_at      timestamptz,
    received_at     timestamptz not null default now()
);
create index refunds_made on refunds (refunded_at, id) include (reporting_minor);
create index refunds_unconverted on refunds (refunded_at) include (currency) where reporting_minor is null;

create table downloads (
    id            text primary key,
    downloaded_at timestamptz not null,
    product       text not null,
    country       text,
    succeeded     boolean not null,
    failure       text,
    received_at   timestamptz not null default now()
);
create index downloads_made on downloads (downloaded_at, id) include (succeeded);

create table community_reading (
    id          text primary key,
    metric      text not null check (metric in ('discord', 'showcases')),
    observed_at timestamptz not null,
    value       bigint not null,
    received_at timestamptz not null default now()
);
create index community_latest on community_reading (metric, observed_at, id) include (value);

-- Rows that could not land, as they came, with what was wrong with them.
create table quarantine (
    id          uuid primary key default uuidv7(),
    kind        text not null,
    source_id   text,
    source_row  jsonb not null,
    errors      jsonb not null,
    sent_by     text not null,
    request_id  text,
    received_at timestamptz not null default now()
);
create index quarantine_received on quarantine (received_at);

-- Differences not folded yet. No key: writers never wait for each other.
create table rollup_delta (
    hour                timestamptz not null,
    orders              bigint not null default 0,
    orders_minor        bigint not null default 0,
    orders_unconverted  bigint not null default 0,
    settled             bigint not null default 0,
    refunds             bigint not null default 0,
    refunds_minor       bigint not null default 0,
    refunds_unconverted bigint not null default 0,
    downloads           bigint not null default 0,
    failed              bigint not null default 0
);
create table rollup_hour (like rollup_delta including defaults, primary key (hour));
create table rollup_day (like rollup_delta including defaults);
alter table rollup_day rename column hour to day;
alter table rollup_day add primary key (day);

grant select, insert, update on reporting, currency_rate, orders, refunds, downloads, community_reading, rollup_hour,
    rollup_day to opsconsole_app;
grant select, insert on quarantine to opsconsole_app;
grant select, insert, delete on rollup_delta to opsconsole_app;
