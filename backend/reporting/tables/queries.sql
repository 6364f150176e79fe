-- name: newest_exchange
select max(day) from tax_exchange

-- name: insert_exchange
-- What is known already is left out; anything else is another row with the next number.
with given as (
    select g.currency, g.day, g.per_eur
      from unnest(%(currency)s::text[], %(day)s::date[], %(per_eur)s::numeric[]) as g(currency, day, per_eur)
),
fresh as (
    select g.* from given as g
     where g.per_eur is distinct from (
           select e.per_eur from tax_exchange as e
            where e.currency = g.currency and e.day = g.day order by e.seq desc limit 1)
),
written as (
    insert into tax_exchange (currency, day, seq, per_eur, source)
    select currency, day, (select last + 1 from tax_counter), per_eur, %(source)s from fresh
    returning seq
),
known as (insert into tax_step (last, kind) select max(seq), 'rates' from written having count(*) > 0),
counted as (update tax_counter set last = last + 1 where exists (select from written))
select count(*) from written

-- name: insert_rule
with written as (
    insert into tax_rule (regime, valid_from, seq, refund_period, chargeback_lowers, citation, confirmed_by)
    select %(regime)s, %(valid_from)s, last + 1, %(refund_period)s, %(chargeback_lowers)s, %(citation)s, %(actor)s
      from tax_counter
    returning seq
),
known as (insert into tax_step (last, kind) select seq, 'rules' from written)
update tax_counter set last = last + 1

-- name: put_rate
insert into tax_rate as t (country, kind, rate, valid_from, valid_to, citation, sources)
values (%(country)s, %(kind)s, %(rate)s, %(valid_from)s, %(valid_to)s, %(citation)s, %(sources)s)
on conflict (country, kind, rate, valid_from) do update
   set valid_to = excluded.valid_to, citation = excluded.citation, sources = excluded.sources
 where (t.valid_to, t.citation) is distinct from (excluded.valid_to, excluded.citation)

-- name: has_rates
select exists (select from tax_rate)

-- name: end_rate
-- The rate that held before ends where the new one begins.
update tax_rate set valid_to = %(valid_from)s::date - 1
 where country = %(country)s and kind = %(kind)s and rate <> %(rate)s and valid_from < %(valid_from)s
   and (valid_to is null or valid_to >= %(valid_from)s) and %(replaces)s

-- name: begins_of
select begins, exists (select from tax_report as r where r.region = g.region and r.state <> 'rejected'), period
  from tax_registration as g where region = %(region)s

-- name: put_region
insert into tax_registration as r (region, regime, name, number, home, zone, period, currency, begins, ends,
                                   one_evidence, owner)
values (%(region)s, %(regime)s, %(name)s, %(number)s, %(home)s, %(zone)s, %(period)s, %(currency)s, %(begins)s,
        %(ends)s, %(one_evidence)s, %(owner)s)
on conflict (region) do update
   set name = excluded.name, number = excluded.number, home = excluded.home, zone = excluded.zone,
       period = excluded.period, begins = excluded.begins, ends = excluded.ends, one_evidence = excluded.one_evidence, owner = excluded.owner,
       version = r.version + 1
returning (to_jsonb(old) - 'version' - 'name' - 'number' - 'owner' - 'one_evidence')
          is distinct from (to_jsonb(new) - 'version' - 'name' - 'number' - 'owner' - 'one_evidence') as refold

-- name: rates
select country, kind, rate::text as rate, valid_from, valid_to, citation, sources from tax_rate
 where %(country)s::text is null or country = %(country)s
 order by country, kind, valid_from, rate limit %(limit)s

-- name: rules
select regime, valid_from, refund_period, chargeback_lowers, citation, confirmed_by from tax_rule
 order by regime, valid_from, seq

-- name: exchange
select currency, day, per_eur::text as per_eur, source, seq from tax_exchange
 where day = %(day)s order by currency, seq
