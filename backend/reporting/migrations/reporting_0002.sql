-- What regimes differ in, from the first day of a month on. Known from the beginning where the number is 0.
create table tax_rule (
    regime            text not null,
    valid_from        date not null check (extract(day from valid_from) = 1),
    seq               bigint not null,
    refund_period     text not null check (refund_period in ('supply', 'document')),
    chargeback_lowers boolean not null,
    citation          text not null,
    confirmed_by      text,
    primary key (regime, valid_from, seq)
);
insert into tax_rule (regime, valid_from, seq, refund_period, chargeback_lowers, citation) values
    ('eu-oss', '2015-01-01', 0, 'supply', true,
     'Council Regulation (EU) 282/2011, Article 61: corrections refer to the period of the supply'),
    ('uk-vat', '2015-01-01', 0, 'document', true,
     'VAT Regulations 1995 (SI 1995/2518), regulation 38: the period in which the credit note is given'),
    ('us-sales', '2015-01-01', 0, 'document', true,
     'State sales tax returns: refunds are deducted in the period in which they are made');

-- What the European Central Bank published. A correction is another row of the day with a later number.
create table tax_exchange (
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    day      date not null,
    seq      bigint not null,
    per_eur  numeric not null check (per_eur > 0),
    source   text not null,
    primary key (currency, day, seq)
);

-- What ought to have been charged; it checks figures and makes none.
create table tax_rate (
    country    text not null,
    kind       text not null,
    rate       numeric not null check (rate between 0 and 100),
    valid_from date not null,
    valid_to   date check (valid_to >= valid_from),
    citation   text not null,
    sources    int not null check (sources >= 0),
    primary key (country, kind, rate, valid_from)
);

-- Exact, and half away from zero. round(a / b) would round twice.
create function tax_converted(minor bigint, numerator numeric, denominator numeric) returns bigint
    language sql immutable strict parallel safe
    return (sign(minor) * div(2 * abs(minor) * numerator + denominator, 2 * denominator))::bigint;

create table tax_report (
    id              uuid primary key default uuidv7(),
    region          text not null references tax_registration,
    period_start    date not null,
    period_end      date not null check (period_end > period_start),
    due_on          date not null,
    state           text not null default 'generating' check (state in ('generating', 'draft', 'reconciled', 'approved',
                        'delivered', 'acknowledged', 'rejected', 'archived')),
    inputs          jsonb not null default '{}',
    cut             bigint,
    builds_on       uuid[] not null default '{}',
    -- What is filed, canonical JSON; frozen from the approval on.
    content         text,
    sha256          text,
    currency        text not null,
    payable         bigint,
    nil             boolean,
    reconciliation  jsonb,
    problem         text,
    requested_at    timestamptz not null default clock_timestamp(),
    generated_at    timestamptz,
    generated_by    text not null,
    approved_at     timestamptz,
    approved_by     text,
    delivered_at    timestamptz,
    acknowledged_at timestamptz,
    acknowledgement text,
    rejected_at     timestamptz,
    rejected_by     text,
    reason          text,
    archived_at     timestamptz,
    version         bigint not null default 1
);
create unique index tax_report_live on tax_report (region, period_start) where state <> 'rejected';
create index tax_report_listed on tax_report (period_start desc, id desc);

create function tax_report_frozen() returns trigger language plpgsql as $$
begin
    if old.state in ('approved', 'delivered', 'acknowledged', 'rejected', 'archived')
       and (old.content, old.sha256, old.cut, old.builds_on, old.period_start, old.period_end, old.region)
           is distinct from
           (new.content, new.sha256, new.cut, new.builds_on, new.period_start, new.period_end, new.region) then
        raise exception 'what was approved is frozen' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger frozen before update on tax_report for each row execute function tax_report_frozen();

-- What a return declares: of its own period, and differences of earlier ones. All lines of all live returns together are
-- what has been filed.
create table tax_line (
    report_id uuid not null references tax_report,
    n         int not null,
    part      text not null check (part in ('own', 'correction', 'direct')),
    period    date not null,
    state     text not null,
    kind      text,
    rate      numeric,
    net       bigint not null,
    tax       bigint not null,
    causes    text[] not null default '{}',
    primary key (report_id, n)
);

-- What is odd about the documents behind a report.
create table tax_finding (
    report_id uuid not null references tax_report,
    n         int not null,
    what      text not null,
    blocking  boolean not null,
    order_id  text,
    words     text not null,
    primary key (report_id, n)
);
create index tax_finding_order on tax_finding (order_id) where order_id is not null;

create index orders_tax_date on orders ((tax ->> 'date')) where tax ? 'date';

grant select, insert on tax_rule, tax_exchange to opsconsole_app;
grant select, insert, update on tax_rate, tax_report to opsconsole_app;
grant select, insert, delete on tax_line, tax_finding to opsconsole_app;

-- What was published on a day or, where nothing was, next: within eight days, else something is missing here.
create function tax_published(code text, wanted date, cut bigint)
    returns table (day date, per_eur numeric, seq bigint) language sql stable parallel safe as $$
    select x.day, x.per_eur, x.seq from (
        select wanted as day, 1::numeric as per_eur, 0::bigint as seq where code = 'EUR'
        union all
        select e.day, e.per_eur, e.seq from tax_exchange as e
         where e.currency = code and e.day >= wanted and e.day < wanted + 8 and e.seq <= cut) as x
     order by x.day, x.seq desc limit 1
$$;
