-- Orders whose documents changed since facts were written; every put of an order, refund or outcome adds its order.
create table tax_inbox (order_id text not null);

-- In whose return a sale to a place belongs. No region: in none of ours.
create table tax_territory (
    code   text primary key,
    region text,
    state  text not null,
    name   text not null,
    note   text not null default ''
);

-- Where the seller files. The zone decides on which local day something was sold, and so in which period.
create table tax_registration (
    region       text primary key,
    regime       text not null check (regime in ('eu-oss', 'uk-vat', 'us-sales')),
    name         text not null,
    number       text not null,
    home         text not null,
    zone         text not null,
    period       text not null check (period in ('month', 'quarter')),
    currency     text not null check (currency ~ '^[A-Z]{3}$'),
    begins       date not null,
    ends         date check (ends >= begins),
    one_evidence boolean not null default false,
    owner        text not null,
    version      bigint not null default 1
);

-- One numbering of all that a report is made of: facts, exchange rates, rules. Whoever adds any holds this row.
create table tax_counter (
    only_row boolean primary key default true check (only_row),
    last     bigint not null default 0,
    closed   int not null default 0,
    -- How far orders are being looked at anew, after a registration changed; null: they are not.
    refold_after text
);
insert into tax_counter default values;

-- When each number was known: an instant that a person chooses becomes the last number before it.
create table tax_step (
    last     bigint primary key,
    known_at timestamptz not null default clock_timestamp(),
    kind     text not null check (kind in ('facts', 'rates', 'rules'))
);
create index tax_step_known on tax_step (known_at, last);

-- What facts have in common. The bucket says why something is in no return.
create table tax_cell (
    id       int generated always as identity primary key,
    source   text not null check (source in ('order', 'refund', 'chargeback')),
    bucket   text not null check (bucket in ('taxed', 'home', 'business', 'elsewhere', 'before', 'unattributable')),
    region   text,
    state    text,
    kind     text,
    rate     numeric,
    currency text not null,
    -- Of the supply and of the document: a figure is then a sum by one number alone.
    tax_month   date not null,
    event_month date not null,
    unique nulls not distinct (source, bucket, region, state, kind, rate, currency, tax_month, event_month)
);

-- Two dates, because regimes differ in which of them decides: of the supply, and of the document. Both are local days
-- of the registration, decided once.
create table tax_fact (
    seq        bigint primary key,
    order_id   text not null,
    source_id  text not null,
    tax_date   date not null,
    event_date date not null,
    cell       int not null references tax_cell,
    net        bigint not null,
    tax        bigint not null
);
create index tax_fact_order on tax_fact (order_id);
create index tax_fact_figure on tax_fact (cell, tax_date, seq);

-- Sums of a hundred thousand numbers each. Facts never change, so these are exact.
create table tax_stretch (
    stretch     int not null,
    cell        int not null,
    net         bigint not null,
    tax         bigint not null,
    facts       bigint not null,
    primary key (stretch, cell)
);

grant select, insert, delete on tax_inbox to opsconsole_app;
grant select on tax_territory to opsconsole_app;
grant select, insert, update on tax_registration, tax_counter to opsconsole_app;
grant select, insert on tax_step, tax_cell, tax_fact, tax_stretch to opsconsole_app;

insert into tax_territory (code, region, state, name)
select code, 'EU-OSS', code, name from (values
    ('AT', 'Austria'), ('BE', 'Belgium'), ('BG', 'Bulgaria'), ('CY', 'Cyprus'), ('CZ', 'Czechia'), ('DE', 'Germany'),
    ('DK', 'Denmark'), ('EE', 'Estonia'), ('EL', 'Greece'), ('ES', 'Spain'), ('FI', 'Finland'), ('FR', 'France'),
    ('HR', 'Croatia'), ('HU', 'Hungary'), ('IE', 'Ireland'), ('IT', 'Italy'), ('LT', 'Lithuania'), ('LU', 'Luxembourg'),
    ('LV', 'Latvia'), ('MT', 'Malta'), ('NL', 'Netherlands'), ('PL', 'Poland'), ('PT', 'Portugal'), ('RO', 'Romania'),
    ('SE', 'Sweden'), ('SI', 'Slovenia'), ('SK', 'Slovakia')) as states (code, name);
insert into tax_territory (code, region, state, name, note) values
    ('GB', 'GB', 'GB', 'United Kingdom', ''),
    ('XI', 'GB', 'GB', 'Northern Ireland', 'Union rules hold for goods alone; services are British.'),
    ('IM', 'GB', 'GB', 'Isle of Man', 'VAT as in the United Kingdom.'),
    ('MC', 'EU-OSS', 'FR', 'Monaco', 'VAT as in France (Article 7 of Directive 2006/112/EC).'),
    ('AX', null, 'AX', 'Åland', 'Outside the territory of VAT (Article 6).'),
    ('FI-01', null, 'AX', 'Åland', 'Outside the territory of VAT (Article 6).'),
    ('ES-CN', null, 'ES-CN', 'Canary Islands', 'Outside the territory of VAT (Article 6).'),
    ('ES-CE', null, 'ES-CE', 'Ceuta', 'Outside the territory of VAT (Article 6).'),
    ('ES-ML', null, 'ES-ML', 'Melilla', 'Outside the territory of VAT (Article 6).'),
    ('EL-69', null, 'EL-69', 'Mount Athos', 'Outside the territory of VAT (Article 6).'),
    ('GF', null, 'GF', 'French Guiana', 'Outside the territory of VAT (Article 6).'),
    ('GP', null, 'GP', 'Guadeloupe', 'Outside the territory of VAT (Article 6).'),
    ('MQ', null, 'MQ', 'Martinique', 'Outside the territory of VAT (Article 6).'),
    ('RE', null, 'RE', 'Réunion', 'Outside the territory of VAT (Article 6).'),
    ('YT', null, 'YT', 'Mayotte', 'Outside the territory of VAT (Article 6).'),
    ('MF', null, 'MF', 'Saint Martin', 'Outside the territory of VAT (Article 6).'),
    ('GI', null, 'GI', 'Gibraltar', 'Outside the territory of VAT.'),
    ('JE', null, 'JE', 'Jersey', 'Outside the territories of VAT.'),
    ('GG', null, 'GG', 'Guernsey', 'Outside the territories of VAT.'),
    ('SM', null, 'SM', 'San Marino', 'Outside the territory of VAT.'),
    ('VA', null, 'VA', 'Vatican', 'Outside the territory of VAT.'),
    ('AD', null, 'AD', 'Andorra', 'Outside the territory of VAT.'),
    ('FO', null, 'FO', 'Faroe Islands', 'Outside the territory of VAT.'),
    ('GL', null, 'GL', 'Greenland', 'Outside the territory of VAT.');
insert into tax_territory (code, region, state, name)
select 'US-' || code, 'US-' || code, code, name from (values
    ('AL', 'Alabama'), ('AK', 'Alaska'), ('AZ', 'Arizona'), ('AR', 'Arkansas'), ('CA', 'California'), ('CO', 'Colorado'),
    ('CT', 'Connecticut'), ('DE', 'Delaware'), ('DC', 'District of Columbia'), ('FL', 'Florida'), ('GA', 'Georgia'),
    ('HI', 'Hawaii'), ('ID', 'Idaho'), ('IL', 'Illinois'), ('IN', 'Indiana'), ('IA', 'Iowa'), ('KS', 'Kansas'),
    ('KY', 'Kentucky'), ('LA', 'Louisiana'), ('ME', 'Maine'), ('MD', 'Maryland'), ('MA', 'Massachusetts'),
    ('MI', 'Michigan'), ('MN', 'Minnesota'), ('MS', 'Mississippi'), ('MO', 'Missouri'), ('MT', 'Montana'),
    ('NE', 'Nebraska'), ('NV', 'Nevada'), ('NH', 'New Hampshire'), ('NJ', 'New Jersey'), ('NM', 'New Mexico'),
    ('NY', 'New York'), ('NC', 'North Carolina'), ('ND', 'North Dakota'), ('OH', 'Ohio'), ('OK', 'Oklahoma'),
    ('OR', 'Oregon'), ('PA', 'Pennsylvania'), ('RI', 'Rhode Island'), ('SC', 'South Carolina'), ('SD', 'South Dakota'),
    ('TN', 'Tennessee'), ('TX', 'Texas'), ('UT', 'Utah'), ('VT', 'Vermont'), ('VA', 'Virginia'), ('WA', 'Washington'),
    ('WV', 'West Virginia'), ('WI', 'Wisconsin'), ('WY', 'Wyoming')) as states (code, name);
