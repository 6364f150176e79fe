-- Fraud: orders as they were when they became known, what was decided about them, rule sets, lists, and the queue.

-- Long histories are filled once; the usual five seconds are for statements that lock others out.
set local statement_timeout = '30min';

-- Whose refund it was; the customer of its order where the shop does not say.
alter table refunds add column customer_id text;
update refunds as r set customer_id = o.customer_id
  from orders as o
 where o.id = r.order_id and o.customer_id is not null;
create index refunds_of_nobody on refunds (order_id) where customer_id is null and order_id is not null;
create index refunds_of_customer on refunds (customer_id, refunded_at) where customer_id is not null;

-- Orders of the shop that risk has not looked at yet; no key, so ingest does not wait. See backend/risk/backfill.py.
create table risk_pending (placed_at timestamptz not null, order_id text not null);
insert into risk_pending select placed_at, id from orders order by placed_at;
create index risk_pending_next on risk_pending (placed_at, order_id);

-- One row an order, with the value of every metric (models/risk/metrics.py) as it was when the order became known. Rules
-- are replayed over these columns, so a replay sees what the check saw. Null: missing or unknown.
create table risk_order (
    seq                     bigint generated always as identity,
    id                      text primary key,
    source                  text not null check (source in ('check', 'shop')),
    placed_at               timestamptz not null,
    received_at             timestamptz not null default clock_timestamp(),
    minor                   bigint not null,
    currency                text not null,
    -- What velocity counts by.
    customer_id             text,
    email                   text,
    ip                      text,
    card                    text,
    device                  text,
    -- The other metrics.
    order_value             bigint,
    item_count              integer,
    hour_of_day             integer,
    billing_country         text,
    shipping_country        text,
    ip_country              text,
    card_country            text,
    billing_shipping_differ boolean,
    billing_ip_differ       boolean,
    billing_card_differ     boolean,
    shipping_ip_differ      boolean,
    shipping_card_differ    boolean,
    ip_card_differ          boolean,
    customer_age            bigint,
    customer_orders         integer,
    customer_refunds        integer,
    customer_chargebacks    integer,
    email_domain            text,
    payment_method          text,
    payment_method_age      bigint,
    -- Velocity: orders and amount, this one included, of the newest two hundred.
    customer_orders_10m integer, customer_amount_10m bigint,
    customer_orders_1h integer, customer_amount_1h bigint,
    customer_orders_24h integer, customer_amount_24h bigint,
    customer_orders_7d integer, customer_amount_7d bigint,
    customer_orders_30d integer, customer_amount_30d bigint,
    email_orders_10m integer, email_amount_10m bigint,
    email_orders_1h integer, email_amount_1h bigint,
    email_orders_24h integer, email_amount_24h bigint,
    email_orders_7d integer, email_amount_7d bigint,
    email_orders_30d integer, email_amount_30d bigint,
    ip_orders_10m integer, ip_amount_10m bigint,
    ip_orders_1h integer, ip_amount_1h bigint,
    ip_orders_24h integer, ip_amount_24h bigint,
    ip_orders_7d integer, ip_amount_7d bigint,
    ip_orders_30d integer, ip_amount_30d bigint,
    card_orders_10m integer, card_amount_10m bigint,
    card_orders_1h integer, card_amount_1h bigint,
    card_orders_24h integer, card_amount_24h bigint,
    card_orders_7d integer, card_amount_7d bigint,
    card_orders_30d integer, card_amount_30d bigint,
    device_orders_10m integer, device_amount_10m bigint,
    device_orders_1h integer, device_amount_1h bigint,
    device_orders_24h integer, device_amount_24h bigint,
    device_orders_7d integer, device_amount_7d bigint,
    device_orders_30d integer, device_amount_30d bigint,
    -- Lists that held one of its values then, as list:metric, and rules that were quiet for it.
    lists                   text[] not null default '{}',
    snoozed                 text[] not null default '{}',
    demoted                 text[] not null default '{}'
) with (fillfactor = 100);
create unique index risk_order_seq on risk_order (seq);
create index risk_order_placed on risk_order (placed_at, seq);
create index risk_order_by_customer_id on risk_order (customer_id, placed_at desc, seq) include (order_value) where customer_id is not null;
create index risk_order_by_email on risk_order (email, placed_at desc, seq) include (order_value) where email is not null;
create index risk_order_by_ip on risk_order (ip, placed_at desc, seq) include (order_value) where ip is not null;
create index risk_order_by_card on risk_order (card, placed_at desc, seq) include (order_value) where card is not null;
create index risk_order_by_device on risk_order (device, placed_at desc, seq) include (order_value) where device is not null;

-- The order as it came, fields we do not know included.
create table risk_payload (
    order_id text primary key references risk_order,
    payload  jsonb not null
);

create table risk_rule_set (
    id             uuid primary key default uuidv7(),
    number         bigint generated always as identity unique,
    title          text not null,
    state          text not null check (state in ('draft', 'published', 'retired', 'discarded')),
    rules          jsonb not null,
    based_on       uuid references risk_rule_set,
    author         text not null,
    -- Whoever has changed its rules, the author too.
    writers        text[] not null default '{}',
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    published_at   timestamptz,
    published_by   text,
    -- Shadow runs see these very rules: a change of the draft ends them.
    shadow_since   timestamptz,
    -- What was decided up to here has been looked at.
    shadow_through timestamptz,
    version        bigint not null default 1
);
create unique index risk_rule_set_published on risk_rule_set (state) where state = 'published';
-- An installation starts with a set that asks nothing, so that there is always one.
insert into risk_rule_set (title, state, rules, author, published_at, published_by)
values ('No rules', 'published', '[]', 'system:worker', now(), 'system:worker');

create table risk_decision (
    id           uuid primary key default uuidv7(),
    order_id     text not null unique references risk_order,
    rule_set_id  uuid not null references risk_rule_set,
    score        integer not null check (score between 0 and 100),
    action       text not null check (action in ('approve', 'flag', 'review', 'block')),
    triggered    text[] not null,
    explanation  jsonb not null,
    -- Rules that would have fired, and were quiet for this order.
    quiet        text[] not null default '{}',
    missing      text[] not null default '{}',
    decided_at   timestamptz not null default clock_timestamp()
);
create index risk_decision_decided on risk_decision (decided_at, id);

-- One row a rule that fired with more than a flag: what breakers count.
create table risk_hit (
    rule_id  text not null,
    at       timestamptz not null default clock_timestamp(),
    order_id text not null,
    minor    bigint
);
create index risk_hit_counted on risk_hit (rule_id, at) include (minor);

create table risk_breaker (
    id         uuid primary key default uuidv7(),
    rule_id    text not null,
    since      timestamptz not null default clock_timestamp(),
    words      text not null,
    reset_at   timestamptz,
    reset_by   text,
    version    bigint not null default 1
);
create unique index risk_breaker_open on risk_breaker (rule_id) where reset_at is null;

create table risk_list (
    id         text primary key,
    title      text not null,
    kind       text not null check (kind in ('allow', 'block', 'custom')),
    metric     text not null,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version    bigint not null default 1
);
create table risk_list_entry (
    id         uuid primary key default uuidv7(),
    list_id    text not null references risk_list,
    value      text not null,
    reason     text not null,
    added_by   text not null,
    added_at   timestamptz not null default now(),
    until      timestamptz,
    removed_at timestamptz,
    removed_by text
);
create unique index risk_list_entry_once on risk_list_entry (list_id, value) where removed_at is null;
create index risk_list_entry_value on risk_list_entry (value) where removed_at is null;

create table risk_snooze (
    id         uuid primary key default uuidv7(),
    rule_id    text not null,
    subject    text not null check (subject in ('customer_id', 'card', 'email')),
    value      text not null,
    until      timestamptz not null,
    reason     text not null,
    created_by text not null,
    created_at timestamptz not null default now(),
    ended_at   timestamptz,
    version    bigint not null default 1
);
create unique index risk_snooze_once on risk_snooze (rule_id, subject, value) where ended_at is null;
create index risk_snooze_value on risk_snooze (value) where ended_at is null;

create table risk_policy (
    only_row         boolean primary key default true check (only_row),
    two_person_minor bigint not null default 50000 check (two_person_minor >= 0),
    review_hours     integer not null default 24 check (review_hours between 1 and 720),
    block_hours      integer not null default 24 check (block_hours between 1 and 720),
    version          bigint not null default 1
);
insert into risk_policy default values;

-- What an entry is found by: each word on a line of its own, in small letters. No e-mail, IP or name: they are personal.
create extension if not exists pg_trgm;
create function risk_words(order_id text, customer_id text, card_country text, ip_country text, rules text[])
returns text language sql immutable parallel safe
    return lower(concat_ws(E'\n', '', order_id, customer_id, card_country, ip_country, array_to_string(rules, E'\n')));

-- The queue. Columns of the order stand here too, because lists sort and search by them.
create table risk_entry (
    id              uuid primary key default uuidv7(),
    order_id        text not null unique references risk_order,
    score           integer not null,
    action          text not null check (action in ('review', 'block')),
    triggered       text[] not null,
    status          text not null default 'open' check (status in ('open', 'reviewed', 'escalated')),
    verdict         text check (verdict in ('approved', 'rejected')),
    assigned_to     text,
    assigned_at     timestamptz,
    -- The first of two people: verdict, who, when, why.
    proposed        text check (proposed in ('approved', 'rejected')),
    proposed_by     text,
    proposed_at     timestamptz,
    proposed_notes  text,
    escalated_to    text check (escalated_to in ('finance', 'support')),
    snoozed_until   timestamptz,
    placed_at       timestamptz not null,
    currency        text not null,
    minor           bigint not null,
    reporting_minor bigint,
    customer_id     text,
    email           text,
    card            text,
    card_last4      text,
    card_country    text,
    ip              text,
    ip_country      text,
    device          text,
    created_at      timestamptz not null default clock_timestamp(),
    due_at          timestamptz not null,
    -- By whom and when it was decided or escalated last.
    decided_at      timestamptz,
    decided_by      text,
    version         bigint not null default 1,
    words           text not null
                    generated always as (risk_words(order_id, customer_id, card_country, ip_country, triggered)) stored,
    check ((status = 'reviewed') = (verdict is not null)),
    check ((proposed is null) = (proposed_by is null))
);
-- Keys are negated where the highest comes first, so that key and id run the same way: pages go on by (key, id).
create index risk_entry_next on risk_entry ((-score), id)
    where status = 'open' and assigned_to is null and snoozed_until is null;
create index risk_entry_by_score on risk_entry ((-score), id) where status <> 'reviewed';
create index risk_entry_by_age on risk_entry (created_at, id) where status <> 'reviewed';
create index risk_entry_by_due on risk_entry (due_at, id) include (status, assigned_to, snoozed_until)
    where status <> 'reviewed';
create index risk_entry_by_amount on risk_entry ((-coalesce(reporting_minor, -1)), id) where status <> 'reviewed';
create index risk_entry_block on risk_entry ((-score), id) where action = 'block' and status <> 'reviewed';
create index risk_entry_escalated on risk_entry ((-score), id) where status = 'escalated';
create index risk_entry_assigned on risk_entry (assigned_to, (-score), id) where status <> 'reviewed';
create index risk_entry_snoozed on risk_entry (snoozed_until) where snoozed_until is not null;
create index risk_entry_decided on risk_entry (decided_at, id) where status = 'reviewed';
create index risk_entry_rules on risk_entry using gin (triggered);
create index risk_entry_words on risk_entry using gin (words gin_trgm_ops);
create index risk_entry_customer on risk_entry (customer_id, id) where customer_id is not null;
create index risk_entry_card on risk_entry (card, id) where card is not null;
create index risk_entry_ip on risk_entry (ip, id) where ip is not null;
create index risk_entry_device on risk_entry (device, id) where device is not null;

create table risk_note (
    id         uuid primary key default uuidv7(),
    entry_id   uuid not null references risk_entry,
    written_by text not null,
    written_at timestamptz not null default clock_timestamp(),
    body       text not null
);
create index risk_note_of_entry on risk_note (entry_id, written_at);

-- What the shop is to do after a verdict; a job carries it out through the shop port.
create table risk_intent (
    id         uuid primary key default uuidv7(),
    entry_id   uuid not null references risk_entry,
    order_id   text not null,
    kind       text not null check (kind in ('release', 'refund', 'cancel')),
    minor      bigint not null,
    currency   text not null,
    state      text not null default 'waiting' check (state in ('waiting', 'done', 'failed', 'withdrawn')),
    -- Counted before the shop is asked: while it is 0, the shop knows nothing and the verdict can be undone.
    attempts   integer not null default 0,
    created_at timestamptz not null default now(),
    done_at    timestamptz,
    problem    text
);
create unique index risk_intent_of_entry on risk_intent (entry_id) where state <> 'withdrawn';
create index risk_intent_listed on risk_intent (state, created_at, id) where state in ('waiting', 'failed');

-- What became of an order in the end.
create table risk_outcome (
    id          text primary key,
    order_id    text not null,
    customer_id text,
    kind        text not null check (kind in ('chargeback', 'dispute', 'fraud_refund')),
    happened_at timestamptz not null,
    currency    text not null,
    minor       bigint not null,
    received_at timestamptz not null default now(),
    withdrawn_at timestamptz
);
create view risk_fraud as select order_id, kind, happened_at, currency, minor from risk_outcome where withdrawn_at is null;
create index risk_outcome_order on risk_outcome (order_id);
create index risk_outcome_customer on risk_outcome (customer_id, happened_at) where customer_id is not null;

create table risk_backtest (
    id          uuid primary key default uuidv7(),
    -- Null: rules that were never stored.
    rule_set_id uuid references risk_rule_set,
    rules       jsonb not null,
    placed_from timestamptz not null,
    placed_to   timestamptz not null,
    circumstances text not null check (circumstances in ('recorded', 'today')),
    state       text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'cancelled', 'failed')),
    progress    real not null default 0,
    result      jsonb,
    problem     text,
    asked_by    text not null,
    created_at  timestamptz not null default now(),
    begun_at    timestamptz,
    ended_at    timestamptz,
    -- A worker that lives says so here with each slice.
    beat_at     timestamptz,
    attempts    integer not null default 0,
    version     bigint not null default 1
);
create index risk_backtest_listed on risk_backtest (created_at desc, id desc);
create index risk_backtest_of_set on risk_backtest (rule_set_id, ended_at desc) where state = 'done';
create index risk_backtest_live on risk_backtest (state) where state in ('waiting', 'running');

-- What drafts would have decided beside live traffic.
create table risk_shadow_decision (
    rule_set_id uuid not null references risk_rule_set,
    set_version bigint not null,
    order_id    text not null references risk_order,
    score       integer not null,
    action      text not null,
    triggered   text[] not null,
    decided_at  timestamptz not null default clock_timestamp(),
    primary key (rule_set_id, order_id)
);

create table risk_report (
    id           uuid primary key default uuidv7(),
    month        date not null unique,
    figures      jsonb not null,
    generated_at timestamptz not null default now(),
    generated_by text not null,
    version      bigint not null default 1
);

grant select, insert, delete on risk_pending to opsconsole_app;
grant select, insert on risk_payload, risk_decision, risk_hit, risk_note, risk_outcome to opsconsole_app;
grant select, insert, update on risk_order, risk_rule_set, risk_breaker, risk_list, risk_list_entry, risk_snooze, risk_entry,
    risk_intent, risk_backtest, risk_report to opsconsole_app;
grant select on risk_fraud to opsconsole_app;
grant update (withdrawn_at) on risk_outcome to opsconsole_app;
grant select, insert, delete on risk_shadow_decision to opsconsole_app;
grant select, update on risk_policy to opsconsole_app;
grant delete on risk_hit, risk_order to opsconsole_app;
